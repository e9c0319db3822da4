/** Finding programs, and asking them who they are. */

import { access, constants, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { run } from './run';
import { REMEDIES, Trouble } from './trouble';

const VERSION_TIMEOUT_MS = 20_000;
const SUFFIXES = process.platform === 'win32' ? ['.exe'] : [''];

/** The first file of that name in the folders of PATH that can be run. */
export async function onPath(name: string, path: string): Promise<string | undefined> {
  // A relative folder would depend on where the editor stands.
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    for (const suffix of SUFFIXES) {
      const candidate = join(folder, name + suffix);
      if (await canRun(candidate)) {
        return candidate;
      }
    }
  }
  return undefined;
}

/** A path that the user has set. `setting` is its name. Throws Trouble. */
export async function userPath(value: string, setting: string): Promise<string> {
  const path = value.trim().replace(/^~(?=[/\\])/, homedir());
  const correct = `correct ${setting}, or leave it empty`;
  if (!isAbsolute(path)) {
    throw new Trouble(`“${value}” is not a whole path; ${correct}.`, [REMEDIES.settings]);
  }
  if (!(await canRun(path))) {
    throw new Trouble(`${path} is no file that can be run; ${correct}.`, [REMEDIES.settings]);
  }
  return path;
}

/** The version of Fimble at this path; undefined if it is something else. */
export async function fimbleVersion(command: string, cwd: string): Promise<string | undefined> {
  const answer = await run(command, ['--version'], { cwd, timeout: VERSION_TIMEOUT_MS });
  return answer.code === 0 ? parseVersion(answer.output) : undefined;
}

export function parseVersion(output: string): string | undefined {
  return /^fimble (\d+\.\d+\S*)\s*$/.exec(output)?.[1];
}

async function canRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
