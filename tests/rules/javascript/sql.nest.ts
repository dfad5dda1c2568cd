import { Body, Controller, Post } from '@nestjs/common';

@Controller('orders')
export class Orders {
  @Post()
  async create(@Body() order: Order) {
    // ruleid: javascript.sql.tainted-query, javascript.sql.value-in-query-text
    await this.db.query(`INSERT INTO orders (name) VALUES ('${order.name}')`);
    // ok: javascript.sql.tainted-query, javascript.sql.value-in-query-text
    await this.db.query('INSERT INTO orders (name) VALUES ($1)', [order.name]);
  }
}
