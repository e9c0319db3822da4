/** The chat view in a page with the extension's policy, a stand-in of VS Code's API, and a theme. */

import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Chat, FromView, ToView } from '../../../extension/vscode/src/chat/protocol.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const extension = join(root, 'extension', 'vscode');
const { chromium } = createRequire(join(extension, 'package.json'))(
  'playwright-core',
) as typeof import('playwright-core');

const SHOTS = process.env['FIMBLE_SHOTS'];
export const PATIENCE_MS = 1000 * Number(process.env['FIMBLE_PATIENCE'] ?? 60);
const NONCE = 'bm9uY2U';
const POLICY = `default-src 'none'; style-src 'self'; script-src 'nonce-${NONCE}'; img-src 'none'`;
/** What VS Code's workbench gives these variables in its own themes. */
const THEMES = JSON.parse(readFileSync(join(import.meta.dirname, 'themes.json'), 'utf8')) as Record<
  Theme,
  Record<string, string>
>;
const CLASSES: Record<Theme, string> = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  'new-dark': 'vscode-dark',
  'new-light': 'vscode-light',
  'hc-dark': 'vscode-high-contrast',
  'hc-light': 'vscode-high-contrast vscode-high-contrast-light',
};

/** Modern and 2026 (`new`) of both sorts, and high contrast. */
export type Theme = 'dark' | 'light' | 'new-dark' | 'new-light' | 'hc-dark' | 'hc-light';
/** Variables that are not known here would leave the contrast unmeasured. */
export function isKnown(variable: string): boolean {
  return Object.values(THEMES).some((theme) => variable in theme);
}

export const ALL_THEMES = Object.keys(CLASSES) as Theme[];

/** What a page's script may do that it should not, and what it has told the extension. */
interface Watched {
  posted: FromView[];
  violations: string[];
  frames: Set<number>;
  timers: Set<number>;
  soon: () => Promise<void>;
  hacked?: unknown;
}

/** Runs before the view's own script. */
function standIn(): void {
  const watched: Watched = { posted: [], violations: [], frames: new Set(), timers: new Set(), soon: () => Promise.resolve() };
  let kept: unknown;
  const api = {
    postMessage: (message: FromView) => void watched.posted.push(message),
    getState: () => kept,
    setState: (state: unknown) => (kept = state),
  };
  Object.assign(window, { watched, acquireVsCodeApi: () => api });
  // What the view has still to do in a frame, or soon.
  const { requestAnimationFrame: frame, cancelAnimationFrame: cancel, setTimeout: timeout, clearTimeout: clear } = window;
  const { frames, timers } = watched;
  window.requestAnimationFrame = (work) => {
    const id = frame((now) => (frames.delete(id), work(now)));
    frames.add(id);
    return id;
  };
  window.cancelAnimationFrame = (id) => (frames.delete(id), cancel(id));
  window.setTimeout = ((work: () => void, wait = 0) => {
    const id = timeout(() => (timers.delete(id), work()), wait) as unknown as number;
    if (wait < 1_000) {
      timers.add(id);
    }
    return id;
  }) as typeof timeout;
  window.clearTimeout = (id) => (timers.delete(Number(id)), clear(id));
  watched.soon = () => new Promise((resolve) => timeout(resolve, 2));
  document.addEventListener('securitypolicyviolation', (event) => {
    watched.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });
}

export interface Options {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** Scripts of a test may be added. */
  readonly isOpen?: boolean;
  readonly forcedColors?: 'active';
}

export class View {
  /** Requests, dialogs and windows that nobody should have asked for. */
  readonly escapes: string[] = [];
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(browser: Browser, address: string, options: Options = {}): Promise<View> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 380, height: options.height ?? 720 },
      bypassCSP: options.isOpen === true,
      reducedMotion: 'reduce',
      forcedColors: options.forcedColors ?? 'none',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(standIn);
    await page.goto(address);
    await page.locator('#fimble-input').waitFor();
    const view = new View(page);
    await view.wear(options.theme ?? 'dark');
    page.on('request', (request) => view.escapes.push(`request ${request.url().slice(0, 100)}`));
    page.on('dialog', (dialog) => {
      view.escapes.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('framenavigated', (frame) => view.escapes.push(`navigated ${frame.url().slice(0, 100)}`));
    page.on('popup', () => view.escapes.push('a window'));
    page.on('pageerror', (error) => view.escapes.push(`error ${error.message}`));
    return view;
  }

  close(): Promise<void> {
    return this.page.context().close();
  }

  /** Put on a theme, as VS Code does. */
  async wear(theme: Theme): Promise<void> {
    await this.page.evaluate(
      ([values, names]) => {
        document.documentElement.removeAttribute('style');
        for (const [name, value] of Object.entries(values)) {
          document.documentElement.style.setProperty(name, value);
        }
        document.body.className = names;
      },
      [THEMES[theme], CLASSES[theme]] as const,
    );
  }

  /** Tell the view something, and wait until it is drawn. */
  async tell(...messages: ToView[]): Promise<void> {
    await this.page.evaluate(async (all) => {
      all.forEach((data) => window.postMessage(data, '*'));
      const { watched } = window as unknown as { watched: Watched };
      do {
        await watched.soon();
      } while (watched.frames.size + watched.timers.size > 0);
    }, messages);
  }

  async show(chat: Chat): Promise<void> {
    await this.tell({ type: 'chat', chat });
  }

  /** All that it has told the extension since the last time. */
  async told(): Promise<FromView[]> {
    return this.page.evaluate(() => (window as unknown as { watched: Watched }).watched.posted.splice(0));
  }

  /** What happened that must not: scripts, dialogs, requests, other pages, breaches of the policy. */
  async breaches(): Promise<string[]> {
    const seen = await this.page.evaluate(() => {
      const own = window as unknown as { watched: Watched; hacked?: unknown };
      return [...own.watched.violations, ...(own.hacked === undefined ? [] : [`hacked ${String(own.hacked)}`])];
    });
    return [...this.escapes, ...seen];
  }

  async shot(name: string): Promise<void> {
    if (SHOTS !== undefined) {
      mkdirSync(SHOTS, { recursive: true });
      await this.page.screenshot({ path: join(SHOTS, `view-${name}.png`) });
    }
  }
}

/** Serves the page, its script and its style; nothing else. */
class Site {
  readonly address: string;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  static async open(): Promise<Site> {
    const built = join(extension, 'dist', 'webview');
    const html =
      '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Fimble</title>' +
      '<link rel="stylesheet" href="chat.css"></head>' +
      `<body><script nonce="${NONCE}" src="chat.js"></script></body></html>`;
    const files: Record<string, [string, string | Buffer]> = {
      '/': ['text/html', html],
      '/chat.css': ['text/css', readFileSync(join(built, 'chat.css'))],
      '/chat.js': ['text/javascript', readFileSync(join(built, 'chat.js'))],
    };
    const server = createServer((request, response) => {
      const [type, body] = files[request.url ?? ''] ?? ['text/plain', ''];
      response.writeHead(body === '' ? 404 : 200, { 'Content-Type': type, 'Content-Security-Policy': POLICY });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Site(server);
  }

  close(): void {
    this.server.close();
  }
}

/** A browser for the tests of a file; returns what opens the view in a page of its own. */
export function inBrowser(): (options?: Options) => Promise<View> {
  let browser: Browser;
  let site: Site;
  before(async () => {
    site = await Site.open();
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser.close();
    site.close();
  });
  return (options) => View.open(browser, site.address, options);
}

/** Wait until `look` gives true. */
export async function until(look: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await look())) {
    if (Date.now() > end) {
      throw new Error('it did not happen');
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
