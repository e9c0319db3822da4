/** Whether a server that has crashed is started again. */

const MOST = 3;
const WITHIN_MS = 3 * 60 * 1000;

export class Crashes {
  private times: number[] = [];

  /** Note a crash; false if there have been too many within three minutes. */
  mayRestart(now: number): boolean {
    this.times = this.times.filter((time) => now - time < WITHIN_MS);
    this.times.push(now);
    return this.times.length <= MOST;
  }

  /** The user starts it himself. */
  forget(): void {
    this.times = [];
  }
}
