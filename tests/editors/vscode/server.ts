/** A `fimble` command for the tests: the real one, its engine scripted. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Editor, PYTHON } from './editor.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Make it in a new folder; `--model` and the like instead of a script where `options` has them. */
export function fimble(script: readonly object[], options = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'fimble-command-'));
  const path = join(folder, 'fimble');
  writeFileSync(join(folder, 'script.json'), JSON.stringify(script));
  const serve = options || `--script '${folder}/script.json'`;
  const text = `#!/bin/sh
export PYTHONPATH='${root}'
case "$1" in
serve)
  while [ -e '${folder}/hold' ]; do sleep 0.05; done
  echo $$ >'${folder}/pid.new' && mv '${folder}/pid.new' '${folder}/pid'
  exec '${PYTHON}' -P -m lsp_server serve ${serve} ;;
*) exec '${PYTHON}' -P -m lsp_server "$@" ;;
esac
`;
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** The real command with a model that is on this machine, and a cache of its own but for that. */
export function withModel(name: string): { command: string; variables: Record<string, string> } {
  const command = fimble([], ' ');
  const told = execFileSync(command, ['models', 'list', '--json'], { encoding: 'utf8' });
  const models = JSON.parse(told) as { model: string; where: string | null }[];
  const where = models.find((each) => each.model === name)?.where;
  if (!where) {
    throw new Error(`${name} is not here; get it with: fimble models pull ${name}`);
  }
  const cache = mkdtempSync(join(tmpdir(), 'fimble-cache-'));
  symlinkSync(join(where, '..', '..'), join(cache, 'models'));
  return { command, variables: { FIMBLE_CACHE: cache } };
}

/** The process of the server that was started last. */
export function pidOf(command: string): number {
  return Number(readFileSync(join(command, '..', 'pid'), 'utf8'));
}

/**
 * Do this, which ends the server and has another started, and wait until that one is ready.
 *
 * It is held back until the window shows that there is none: the window hears of it some time later.
 */
export async function untilAnother(command: string, editor: Editor, work: () => void | Promise<void>): Promise<void> {
  const hold = join(command, '..', 'hold');
  writeFileSync(hold, '');
  await work();
  await editor.ready.waitFor({ state: 'detached' });
  rmSync(hold);
  await editor.untilReady();
}

/** What servers that have ended have counted of suggestions: `shown`, `accepted` and so on. */
export function counted(state: string): Record<string, unknown> {
  const env = { ...process.env, PYTHONPATH: root, FIMBLE_STATE: state };
  const told = execFileSync(PYTHON, ['-P', '-m', 'lsp_server', 'stats', '--json'], { env, encoding: 'utf8' });
  return (JSON.parse(told) as { week: Record<string, unknown> }).week;
}

/** A wheel whose `fimble` command runs this repository's; it needs nothing that isn't here. */
export function wheel(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fimble-wheel-'));
  const path = join(folder, 'fimble-0.0.1-py3-none-any.whl');
  execFileSync(PYTHON, ['-c', MAKE_WHEEL, path, root, PYTHON]);
  return path;
}

const MAKE_WHEEL = `
import sys, zipfile
path, root, python = sys.argv[1:]
info = "fimble-0.0.1.dist-info/"
files = {
    "fimble_stand_in.py": f"""
import os, sys
def main():
    os.environ["PYTHONPATH"] = {root!r}
    os.execv({python!r}, [{python!r}, "-P", "-m", "lsp_server", *sys.argv[1:]])
""",
    info + "METADATA": "Metadata-Version: 2.1\\nName: fimble\\nVersion: 0.0.1\\n",
    info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    info + "entry_points.txt": "[console_scripts]\\nfimble = fimble_stand_in:main\\n",
}
with zipfile.ZipFile(path, "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
    wheel.writestr(info + "RECORD", "".join(f"{name},,\\n" for name in [*files, info + "RECORD"]))
`;
