import { Controller, Get, Query } from '@nestjs/common';
import { exec } from 'child_process';

@Controller('tools')
export class Tools {
  @Get()
  ping(@Query('host') host: string, @Query('count') count: number): string {
    // ruleid: javascript.command.tainted-shell-command, javascript.command.text-in-shell-command
    exec(`ping ${host}`);
    // ok: javascript.command.tainted-shell-command
    exec(COMMANDS[count]);
    return host;
  }
}
