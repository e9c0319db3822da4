/** Other programs, run to their end. */

import { spawn, type ChildProcess } from 'node:child_process';

export interface Cancellation {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export interface Options {
  /** Never the user's folder: programs look for code, and Windows for commands, where they stand. */
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cancellation?: Cancellation;
  /** Hears each line of standard output. */
  readonly onLine?: (line: string) => void;
  /** After so many milliseconds it is ended. */
  readonly timeout?: number;
}

export interface Ended {
  /** Undefined if it was ended by a signal, or has never begun. */
  readonly code: number | undefined;
  readonly output: string;
  /** Standard error, or why it could not be started. */
  readonly errors: string;
}

/** Characters of each stream that are kept, of its end. */
const KEPT = 100_000;
const PATIENCE_MS = 3000;
const HAS_GROUPS = process.platform !== 'win32';

/** Run a program without a shell. It never throws: what went wrong is in the result. */
export function run(command: string, args: readonly string[], options: Options): Promise<Ended> {
  return new Promise((resolve) => {
    if (options.cancellation?.isCancellationRequested) {
      resolve({ code: undefined, output: '', errors: '' });
      return;
    }
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      detached: HAS_GROUPS, // so that what it has started can be ended with it
    });
    const stop = (): void => end(child);
    const subscription = options.cancellation?.onCancellationRequested(stop);
    const timer = options.timeout === undefined ? undefined : setTimeout(stop, options.timeout);
    let [output, errors, line] = ['', '', ''];
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      output = (output + piece).slice(-KEPT);
      const lines = (line + piece).split(/\r?\n/);
      line = lines.pop() ?? '';
      lines.forEach((each) => options.onLine?.(each));
    });
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      errors = (errors + piece).slice(-KEPT);
    });
    const finish = (code: number | null): void => {
      subscription?.dispose();
      clearTimeout(timer);
      resolve({ code: code ?? undefined, output, errors });
    };
    child.on('error', (error) => {
      errors += error.message;
      finish(null);
    });
    child.on('close', finish);
  });
}

/** Interrupt a program and all that it has started; what doesn't listen is killed. */
function end(child: ChildProcess): void {
  signal(child, 'SIGINT');
  const timer = setTimeout(() => signal(child, 'SIGKILL'), PATIENCE_MS);
  child.on('close', () => clearTimeout(timer));
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    if (HAS_GROUPS) {
      process.kill(-child.pid, name);
    } else {
      child.kill(name);
    }
  } catch {
    // It has just ended.
  }
}
