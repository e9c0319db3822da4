/**
 * The server's own virtual environment.
 *
 * Invariant: one that has no stamp is not whole; it is never used, and the next try begins anew.
 */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { onPath, userPath } from './find';
import { run, type Cancellation, type Ended } from './run';
import { Cancelled, REMEDIES, Trouble } from './trouble';

const OLDEST: readonly [number, number] = [3, 11];
const PREFIX = 'server-';
const STAMP = 'fimble-package';
const IS_WINDOWS = process.platform === 'win32';
const BIN = IS_WINDOWS ? 'Scripts' : 'bin';
const SUFFIX = IS_WINDOWS ? '.exe' : '';

export interface Plan {
  /** Where environments lie; nothing else does. */
  readonly storage: string;
  /** What the user has set; empty: the one on PATH. */
  readonly python: string;
  /** As pip takes it. */
  readonly requirement: string;
}

export interface Watcher {
  readonly cancellation: Cancellation;
  report(message: string): void;
  log(line: string): void;
}

/** The command in the environment for this plan; undefined if it isn't there, or not whole. */
export async function installed(plan: Plan): Promise<string | undefined> {
  const home = folder(plan);
  try {
    const stamp = await readFile(join(home, STAMP), 'utf8');
    return stamp === plan.requirement ? join(home, BIN, `fimble${SUFFIX}`) : undefined;
  } catch {
    return undefined;
  }
}

/** Make the environment, and delete those of other plans. Throws Trouble or Cancelled. */
export async function install(plan: Plan, watcher: Watcher): Promise<string> {
  const home = folder(plan);
  const python = await findPython(plan);
  const { cancellation } = watcher;
  await mkdir(plan.storage, { recursive: true });
  await rm(home, { recursive: true, force: true });
  const step = async (message: string, command: string, args: readonly string[]): Promise<void> => {
    watcher.report(message);
    const onLine = (line: string): void => {
      watcher.log(line);
      watcher.report(shortened(line));
    };
    // -I: no module is taken from the folder, or from the user's own variables.
    const options = { cwd: plan.storage, env: buildVariables(), cancellation, onLine };
    const ended = await run(command, ['-I', '-m', ...args], options);
    if (cancellation.isCancellationRequested) {
      throw new Cancelled();
    }
    if (ended.code !== 0) {
      watcher.log(ended.errors);
      throw new Trouble(reason(ended), [REMEDIES.output, REMEDIES.install]);
    }
  };
  try {
    await step('Making a Python environment', python, ['venv', home]);
    const own = join(home, BIN, `python${SUFFIX}`);
    await step('Fetching packages', own, ['pip', 'install', '--no-input', plan.requirement]);
    await writeFile(join(home, STAMP), plan.requirement);
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
  await tidy(plan);
  return join(home, BIN, `fimble${SUFFIX}`);
}

/** The requirement for a wheel or package: the local engine comes with it, and keys in the keyring. */
export function requirement(setting: string, ownWheel: string): string {
  const wanted = setting.trim();
  return wanted === '' ? `${ownWheel}[keyring,local]` : wanted;
}

/** What pip said last that tells why, in one sentence. */
export function reason(ended: Pick<Ended, 'errors'>): string {
  const lines = ended.errors.split('\n').map((line) => line.trim());
  const last = lines.reverse().find((line) => /^(ERROR|error):/.test(line));
  const why = (last ?? lines.find((line) => line !== '') ?? 'it says nothing').replace(/^error:\s*/i, '');
  return `The server could not be set up: ${shortened(why).replace(/\.$/, '')}.`;
}

export function isNewEnough(output: string): boolean {
  const [, major, minor] = /^Python (\d+)\.(\d+)/.exec(output) ?? [];
  return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
}

async function findPython(plan: Plan): Promise<string> {
  const path = process.env['PATH'] ?? '';
  const candidates =
    plan.python === ''
      ? await Promise.all(
          ['python3', 'python', 'python3.13', 'python3.12', 'python3.11'].map((name) => onPath(name, path)),
        )
      : [await userPath(plan.python, 'fimble.server.python')];
  await mkdir(plan.storage, { recursive: true });
  for (const candidate of candidates) {
    if (candidate === undefined) {
      continue;
    }
    const answer = await run(candidate, ['--version'], { cwd: plan.storage, timeout: 20_000 });
    if (answer.code === 0 && isNewEnough(answer.output)) {
      return candidate;
    }
  }
  throw new Trouble(
    'Python 3.11 or newer was not found; install it, or set fimble.server.python to where it is.',
    [REMEDIES.settings, REMEDIES.install],
  );
}

function folder(plan: Plan): string {
  const digest = createHash('sha256').update(plan.requirement).digest('hex');
  return join(plan.storage, PREFIX + digest.slice(0, 12));
}

async function tidy(plan: Plan): Promise<void> {
  const kept = basename(folder(plan));
  const others = (await readdir(plan.storage)).filter((name) => name.startsWith(PREFIX) && name !== kept);
  // Another window may run a server there; Windows doesn't let that be deleted.
  await Promise.allSettled(
    others.map((name) => rm(join(plan.storage, name), { recursive: true, force: true })),
  );
}

/** llama.cpp is compiled where there is no wheel of it; what reads pictures is left out. */
function buildVariables(): NodeJS.ProcessEnv {
  return { CMAKE_ARGS: '-DLLAVA_BUILD=OFF', ...process.env };
}

function shortened(line: string): string {
  const text = line.trim();
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
