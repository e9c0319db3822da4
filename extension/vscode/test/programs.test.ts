import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { install, installed, isNewEnough, reason, requirement, type Plan } from '../src/environment';
import { fimbleVersion, onPath, parseVersion, userPath } from '../src/find';
import { run, type Cancellation } from '../src/run';
import { Cancelled, Trouble } from '../src/trouble';

const cwd = tmpdir();

class Source implements Cancellation {
  isCancellationRequested = false;
  private listener: (() => void) | undefined;

  onCancellationRequested(listener: () => void): { dispose(): void } {
    this.listener = listener;
    return { dispose: () => (this.listener = undefined) };
  }

  cancel(): void {
    this.isCancellationRequested = true;
    this.listener?.();
  }
}

function program(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'fimble-test-'));
}

function watcher(cancellation = new Source()): Parameters<typeof install>[1] & { said: string[] } {
  const said: string[] = [];
  return { cancellation, said, report: (message) => said.push(message), log: () => undefined };
}

test('lines, output, errors and code of a program', async () => {
  const lines: string[] = [];
  const script = 'printf "a\\nb"; printf c >&2; exit 3';
  const ended = await run('/bin/sh', ['-c', script], { cwd, onLine: (line) => lines.push(line) });
  assert.deepEqual(ended, { code: 3, output: 'a\nb', errors: 'c' });
  assert.deepEqual(lines, ['a']);
});

test('a program that is not there', async () => {
  const ended = await run('/no/such', [], { cwd });
  assert.equal(ended.code, undefined);
  assert.match(ended.errors, /ENOENT/);
});

test('what is cancelled ends with all that it has started', async () => {
  const source = new Source();
  const script = 'sleep 100 & echo $!; wait';
  let inner = 0;
  const running = run('/bin/sh', ['-c', script], {
    cwd,
    cancellation: source,
    onLine: (line) => {
      inner = Number(line);
      source.cancel();
    },
  });
  assert.equal((await running).code !== 0, true);
  assert.ok(inner > 0);
  for (let tries = 0; tries < 500 && isAlive(inner); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(!isAlive(inner));
});

test('the command is found on PATH, but not in a relative folder', async () => {
  const folder = temporary();
  const path = program(folder, 'fimble', 'echo "fimble 1.2.3"');
  writeFileSync(join(folder, 'plain'), '');
  assert.equal(await onPath('fimble', `.:/no/such:${folder}`), path);
  assert.equal(await onPath('plain', folder), undefined);
  assert.equal(await onPath('fimble', '.'), undefined);
  assert.equal(await fimbleVersion(path, cwd), '1.2.3');
  assert.equal(await fimbleVersion('/bin/ls', cwd), undefined);
});

test('a path of the user is checked', async () => {
  const folder = temporary();
  const path = program(folder, 'own', '');
  assert.equal(await userPath(` ${path} `, 'fimble.server.command'), path);
  const refused = (value: string): Promise<string> => userPath(value, 'fimble.server.command');
  await assert.rejects(refused('fimble'), /“fimble” is not a whole path; correct fimble\.server\.command/);
  await assert.rejects(refused(folder), /is no file that can be run/);
  await assert.rejects(refused('/no/such'), Trouble);
});

test('only the answer of Fimble itself counts', () => {
  assert.equal(parseVersion('fimble 0.1.0\n'), '0.1.0');
  assert.equal(parseVersion('fimble 1.0rc1\n'), '1.0rc1');
  for (const output of ['', 'Python 3.12', 'fimble', 'usage: fimble 1.0 thing']) {
    assert.equal(parseVersion(output), undefined, output);
  }
});

test('Python must be 3.11 or newer', () => {
  const versions = ['Python 3.11.0', 'Python 3.14.1', 'Python 4.0'];
  assert.ok(versions.every(isNewEnough));
  assert.ok(['Python 3.10.9', 'Python 2.7', 'nonsense', ''].every((each) => !isNewEnough(each)));
});

test('what is installed is the wheel that comes with the extension, or what the user says', () => {
  assert.equal(requirement(' ', '/x/fimble.whl'), '/x/fimble.whl[keyring,local]');
  assert.equal(requirement('fimble==2', '/x/fimble.whl'), 'fimble==2');
});

test('why an installation failed is one sentence', () => {
  const errors = 'WARNING: slow\nERROR: No matching distribution found for fimble\n\n[notice] new pip\n';
  assert.equal(
    reason({ errors }),
    'The server could not be set up: No matching distribution found for fimble.',
  );
  assert.equal(reason({ errors: '' }), 'The server could not be set up: it says nothing.');
});

/** A Python that makes an environment with a `pip` which does what `pip` says. */
function plan(pip: string): Plan {
  const folder = temporary();
  const own = `case "$*" in *pip*) ${pip};; esac`;
  const venv = `mkdir -p "$4/bin"; printf '#!/bin/sh\\n${own}\\n' >"$4/bin/python"; chmod +x "$4/bin/python"`;
  const text = `if [ "$1" = --version ]; then echo Python 3.12.1; else ${venv}; fi`;
  return { storage: join(folder, 'storage'), python: program(folder, 'python', text), requirement: 'x' };
}

test('an environment is made, used again, and replaced', async () => {
  const first = plan('echo Collecting x');
  assert.equal(await installed(first), undefined);
  const watching = watcher();
  const command = await install(first, watching);
  assert.equal(await installed(first), command);
  assert.deepEqual(watching.said, ['Making a Python environment', 'Fetching packages', 'Collecting x']);
  const second = { ...first, requirement: 'y' };
  assert.equal(await installed(second), undefined);
  await install(second, watcher());
  assert.equal(await installed(first), undefined);
  assert.equal(readdirSync(first.storage).length, 1);
});

test('a failure leaves nothing behind', async () => {
  const broken = plan('echo "ERROR: no network" >&2; exit 1');
  await assert.rejects(install(broken, watcher()), /^Error: The server could not be set up: no network\.$/);
  assert.equal(await installed(broken), undefined);
  assert.deepEqual(readdirSync(broken.storage), []);
});

test('a cancelled installation leaves nothing behind', async () => {
  const slow = plan('echo Collecting; exec sleep 100');
  const source = new Source();
  const watching = watcher(source);
  watching.report = (message) => message === 'Collecting' && source.cancel();
  await assert.rejects(install(slow, watching), Cancelled);
  assert.deepEqual(readdirSync(slow.storage), []);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
