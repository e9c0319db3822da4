/** VS Code with the packaged extension in a browser, driven as a user does. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';

const root = join(import.meta.dirname, '..', '..', '..');
const extension = join(root, 'extension', 'vscode');
const { chromium } = createRequire(join(extension, 'package.json'))(
  'playwright-core',
) as typeof import('playwright-core');

export const PYTHON = required('FIMBLE_PYTHON');
const CODE_SERVER = join(required('FIMBLE_CODE_SERVER'), 'node_modules', 'code-server', 'out/node/entry.js');
const SHOTS = process.env['FIMBLE_SHOTS'];
/** Longest wait for anything; a busy machine needs more. */
export const PATIENCE_MS = 1000 * Number(process.env['FIMBLE_PATIENCE'] ?? 60);

const SETTINGS = {
  'chat.disableAIFeatures': true,
  'editor.cursorBlinking': 'solid',
  'editor.minimap.enabled': false,
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'editor.wordBasedSuggestions': 'currentDocument',
  'files.autoSave': 'off',
  'fimble.completion.latencyBudgetMs': 60_000, // a busy machine must not hide a suggestion
  'git.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'window.dialogStyle': 'custom',
  'workbench.reduceMotion': 'on',
  'workbench.hover.delay': 100_000,
  'workbench.editor.useModal': 'off', // settings are a page, which covers nothing
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

export class Editor {
  readonly page: Page;
  /** The folder that is open. */
  readonly folder: string;
  private readonly home: string;
  private readonly browser: Browser;
  private readonly server: ChildProcess;

  private constructor(page: Page, home: string, folder: string, browser: Browser, server: ChildProcess) {
    this.page = page;
    this.home = home;
    this.folder = folder;
    this.browser = browser;
    this.server = server;
  }

  /** Open a new, empty folder; `settings` are the user's, `variables` of the environment. */
  static async open(
    settings: object,
    variables: Record<string, string> = {},
    { withExtension = true, isTrusted = true } = {},
  ): Promise<Editor> {
    const home = mkdtempSync(join(tmpdir(), 'fimble-vscode-'));
    const folder = join(home, 'project');
    mkdirSync(folder);
    writeFileSync(join(home, 'config.yaml'), '');
    // A window in a browser is a remote one: what is of the machine is read from a file of its own.
    for (const [name, values] of Object.entries({ User: { ...SETTINGS, ...settings }, Machine: settings })) {
      mkdirSync(join(home, 'data', name), { recursive: true });
      writeFileSync(join(home, 'data', name, 'settings.json'), JSON.stringify(values));
    }
    const places = ['--config', join(home, 'config.yaml')];
    places.push('--user-data-dir', join(home, 'data'), '--extensions-dir', join(home, 'extensions'));
    const env = { ...process.env, FIMBLE_CACHE: join(home, 'cache'), FIMBLE_STATE: join(home, 'state'), ...variables };
    const vsix = join(extension, 'dist', 'fimble.vsix');
    if (withExtension) {
      execFileSync(process.execPath, [CODE_SERVER, ...places, '--install-extension', vsix], { env, stdio: 'ignore' });
    }
    const port = await freePort();
    const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'];
    const trust = isTrusted ? ['--disable-workspace-trust'] : [];
    const server = spawn(
      process.execPath,
      [CODE_SERVER, ...places, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, ...trust, ...quiet, folder],
      { env, stdio: 'ignore', detached: true },
    );
    const address = `http://127.0.0.1:${port}/`;
    await until(() => answers(`${address}healthz`));
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    const page = await browser.newPage({ viewport: { width: 1100, height: 700 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(address);
    await page.waitForSelector('.monaco-workbench');
    return new Editor(page, home, folder, browser, server);
  }

  async close(): Promise<void> {
    await this.browser.close();
    if (this.server.pid !== undefined) {
      process.kill(-this.server.pid, 'SIGKILL');
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** Where Fimble keeps what it counts. */
  get state(): string {
    return join(this.home, 'state');
  }

  /** Where the extension may keep things. */
  get globalStorage(): string {
    return join(this.home, 'data', 'User', 'globalStorage', 'fimble.fimble');
  }

  /** Set the folder's settings. */
  configure(settings: object): void {
    const place = join(this.folder, '.vscode');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'settings.json'), JSON.stringify(settings));
  }

  /** The item of the status bar. */
  get status(): Locator {
    return this.page.locator('[id="fimble.fimble.fimble.status"]');
  }

  /** The same while suggestions can be had; a model that loads is named too. */
  get ready(): Locator {
    return this.status.filter({ has: this.page.locator('.codicon-sparkle') });
  }

  async untilReady(model = 'qwen2.5-coder-1.5b'): Promise<void> {
    await this.ready.filter({ hasText: model }).waitFor();
  }

  /** Wait until the status bar says this. */
  async untilStatus(words: string | RegExp): Promise<void> {
    await this.status.filter({ hasText: words }).waitFor();
  }

  /** The ghost text; empty if there is none. */
  async ghost(): Promise<string> {
    const inLine = await this.page.locator('.ghost-text-decoration').allInnerTexts();
    const below = await this.page.locator('.suggest-preview-text .view-line').allInnerTexts();
    return [inLine.join(''), ...below].join('\n').replaceAll('\u00a0', ' ');
  }

  async untilGhost(text: string): Promise<void> {
    let seen = '';
    await until(
      async () => (seen = await this.ghost()) === text,
      () => `ghost text ${JSON.stringify(seen)}, not ${JSON.stringify(text)}`,
    );
  }

  /** Open a new file of the folder with the cursor at its end. */
  async edit(name: string, text = ''): Promise<void> {
    writeFileSync(join(this.folder, name), text);
    await this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).dblclick();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.monaco-editor.focused').waitFor();
    await this.page.keyboard.press('Control+End');
  }

  /** Save, and return what is in the file then; it is not an empty one. */
  async saved(name: string): Promise<string> {
    await this.page.keyboard.press('Control+s');
    await this.page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    // It is written even if there was nothing to save, and is empty for a moment.
    let text = '';
    await until(() => (text = readFileSync(join(this.folder, name), 'utf8')) !== '');
    return text;
  }

  /** Run a command of the palette by its title. */
  async command(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input[type="text"]').first();
    await this.page.keyboard.press('F1');
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Wait until saving gives this: a command may still be at work. */
  async untilSaved(name: string, text: string): Promise<void> {
    let seen = '';
    await until(
      async () => {
        await this.page.keyboard.press('Control+s');
        await this.page.waitForTimeout(50);
        return (seen = readFileSync(join(this.folder, name), 'utf8')) === text;
      },
      () => `${JSON.stringify(seen)} was saved, not ${JSON.stringify(text)}`,
    );
  }

  /** Choose from the list that is open, and go back to the editor. */
  async choose(label: string): Promise<void> {
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: label }).first().click();
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    await this.page.locator('.monaco-editor.focused').waitFor();
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
  }

  /** A picture, if they are wanted. */
  async shot(name: string): Promise<void> {
    if (SHOTS !== undefined) {
      mkdirSync(SHOTS, { recursive: true });
      await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
    }
  }
}

/** For `afterEach`: a picture of what a test that failed has left. */
export async function shotOfFailure(editor: Editor | undefined, context: object): Promise<void> {
  const { name, passed } = context as { name: string; passed?: boolean };
  if (passed === false) {
    await editor?.shot(`failed-${name.replaceAll(/\W+/g, '-')}`);
  }
}

/** Wait until `look` gives true. */
export async function until(look: () => boolean | Promise<boolean>, why = () => 'it did not happen'): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await look())) {
    if (Date.now() > end) {
      throw new Error(why());
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(address)).ok;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set; use \`make test-editors\`.`);
  }
  return value;
}
