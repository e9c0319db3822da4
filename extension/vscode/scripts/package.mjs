// Makes dist/fimble.vsix: the bundle, the server's wheel, and what the manifest names.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT = 2_000_000;
const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(here, '..', '..');
const vsix = join(here, 'dist', 'fimble.vsix');
const python = process.env.FIMBLE_PYTHON ?? 'python3';

function run(command, ...args) {
  execFileSync(command, args, { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
}

rmSync(join(here, 'dist'), { recursive: true, force: true });
mkdirSync(join(here, 'dist'));
run('npm', 'run', 'build', '--silent');
run(python, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', join(here, 'dist'), root);
copyFileSync(join(root, 'LICENSE'), join(here, 'LICENSE'));
run('npx', 'vsce', 'package', '--no-dependencies', '--allow-missing-repository', '--out', vsix);
const { size } = statSync(vsix);
console.log(`${vsix}: ${size} bytes`);
if (size >= LIMIT) {
  throw new Error(`the package has ${size} bytes, and ${LIMIT} are too many`);
}
