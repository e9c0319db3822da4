/** What the `fimble` command prints for programs. */

/** A line of `fimble models list --json`. */
export interface Model {
  readonly model: string;
  /** Parameters and quantisation; empty if it isn't of the catalogue. */
  readonly kind: string;
  readonly bytes: number;
  /** Its file; null if it is not here. */
  readonly where: string | null;
  /** Who brought it: `fimble`, `ollama`, `lmstudio`, or `catalogue` if nobody did. */
  readonly origin: string;
}

/** `fimble models recommend --json`. */
export interface Recommendation {
  readonly model: string;
  readonly bytes: number;
  /** A sentence. */
  readonly why: string;
}

/** A line of `fimble models pull --json`. */
export interface Stage {
  readonly stage: string;
  readonly done: number;
  /** 0 while it can't be told how long the stage will take. */
  readonly total: number;
}

/** A stage and how much more of it is done than was at the one before, in percent. */
export interface Step {
  readonly message: string;
  readonly increment: number;
}

export function parseStage(line: string): Stage | undefined {
  try {
    const value = JSON.parse(line) as Partial<Stage>;
    const { stage, done, total } = value;
    const isStage = typeof stage === 'string' && typeof done === 'number' && typeof total === 'number';
    return isStage ? { stage, done, total } : undefined;
  } catch {
    return undefined;
  }
}

/** Turns stages into steps of one bar, which only grows. */
export function steps(): (stage: Stage) => Step {
  let shown = 0;
  return ({ stage, done, total }) => {
    const percent = total > 0 ? (100 * done) / total : 0;
    const increment = Math.max(0, percent - shown);
    shown += increment;
    const size = total > 0 ? ` (${megabytes(done)} of ${megabytes(total)})` : '';
    return { message: stage + size, increment };
  };
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
}

/** What the command has to say about its failure. */
export function complaint(errors: string): string {
  const lines = errors.trim().split('\n');
  return (lines[lines.length - 1] ?? '').replace(/^fimble: /, '') || 'The fimble command failed.';
}
