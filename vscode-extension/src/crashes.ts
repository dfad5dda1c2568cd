/** How long to wait after a crash, and when to give up. */

const MAX_CRASHES = 5;
const WINDOW_MS = 180_000;
const FIRST_PAUSE_MS = 500;

export class Crashes {
  private times: number[] = [];

  /** Counts one; milliseconds until the next try, or undefined if there is none. */
  count(now: number): number | undefined {
    this.times = [...this.times.filter((time) => now - time < WINDOW_MS), now];
    const n = this.times.length;
    return n >= MAX_CRASHES ? undefined : FIRST_PAUSE_MS * 2 ** (n - 1);
  }

  forget(): void {
    this.times = [];
  }
}
