/** A time without suggestions while typing. What is asked for explicitly is answered all the same. */

export class Snooze {
  private until = 0;
  private timer: NodeJS.Timeout | undefined;

  /** `onChange` hears when it begins, each minute of it, and when it ends. */
  constructor(private readonly onChange: () => void) {}

  get leftMs(): number {
    return Math.max(0, this.until - Date.now());
  }

  start(durationMs: number): void {
    this.until = Date.now() + durationMs;
    this.tick();
  }

  end(): void {
    this.until = 0;
    this.tick();
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private tick(): void {
    clearTimeout(this.timer);
    const left = this.leftMs;
    if (left > 0) {
      this.timer = setTimeout(() => this.tick(), left % 60_000 || 60_000);
    }
    this.onChange();
  }
}
