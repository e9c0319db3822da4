/** No model, but a model server on this machine: it is offered, and used. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Editor, shotOfFailure } from './editor.ts';
import { fimble } from './server.ts';

const CAN: Record<string, string[]> = {
  'llama3.1:8b': ['completion', 'tools'],
  'qwen2.5-coder:7b': ['completion', 'insert'],
  'nomic-embed-text:latest': ['embedding'],
};

let editor: Editor;
let ollama: Server;
let url: string;

before(async () => {
  ollama = createServer((request, response) => {
    void read(request).then((body) => {
      const told = answer(request.url ?? '', body);
      response.writeHead(told === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
      response.end(told ?? '{}');
    });
  });
  await new Promise<void>((resolve) => ollama.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(ollama.address() as AddressInfo).port}`;
  editor = await Editor.open({ 'fimble.server.command': fimble([], ' ') }, { OLLAMA_HOST: url });
});

afterEach((context) => shotOfFailure(editor, context));
after(async () => {
  await editor?.close();
  ollama.closeAllConnections();
  ollama.close();
});

interface Body {
  readonly model: string;
  readonly prompt?: string;
  readonly stream?: boolean;
}

async function read(request: IncomingMessage): Promise<Body | undefined> {
  const parts = (await request.toArray()) as Buffer[];
  const text = Buffer.concat(parts).toString();
  return text === '' ? undefined : (JSON.parse(text) as Body);
}

/** As Ollama does. */
function answer(path: string, body: Body | undefined): string | undefined {
  switch (path) {
    case '/api/version':
      return JSON.stringify({ version: '0.12.0' });
    case '/v1/models':
      return JSON.stringify({ data: Object.keys(CAN).map((id) => ({ id, object: 'model', owned_by: 'library' })) });
    case '/api/show':
      return JSON.stringify({ capabilities: CAN[body?.model ?? ''], model_info: {} });
    case '/api/generate': {
      const isOfMarkers = (body?.prompt ?? '').length < 60;
      return `${JSON.stringify({ response: ' a', done: true, done_reason: 'stop', prompt_eval_count: isOfMarkers ? 3 : 200 })}\n`;
    }
    default:
      return undefined;
  }
}

test('where the model is missing, a server that has one is offered, and set for the user', async () => {
  const offer = editor.page.locator('.notification-toast', { hasText: 'Fimble recommends qwen2.5-coder-' });
  await offer.waitFor();
  await editor.shot('server-offered');
  assert.match(await offer.innerText(), /Or use qwen2\.5-coder:7b from Ollama, on this machine\./);
  await offer.getByRole('button', { name: 'Use Ollama' }).click();
  await editor.untilReady('qwen2.5-coder:7b');
  // A window in a browser is a remote one, where the user's settings for it are the machine's.
  const place = join(editor.state, '..', 'data', 'Machine', 'settings.json');
  const { 'fimble.server.command': _, ...set } = JSON.parse(readFileSync(place, 'utf8')) as Record<string, unknown>;
  assert.deepEqual(set, {
    'fimble.remote.url': url,
    'fimble.remote.dialect': 'ollama',
    'fimble.remote.model': 'qwen2.5-coder:7b',
  });
  assert.ok(!existsSync(join(editor.folder, '.vscode')));
});

test('another of its models is chosen from a list', async () => {
  await editor.command('Fimble: Use a Model Server on This Machine');
  const rows = editor.page.locator('.quick-input-list .monaco-list-row');
  await rows.filter({ hasText: 'llama3.1:8b' }).waitFor();
  assert.equal(await rows.count(), 2);
  await editor.shot('servers');
  await editor.press('Escape');
  await editor.command('Fimble: Switch Model…');
  await rows.filter({ hasText: 'Ollama' }).first().waitFor();
  await editor.shot('models-with-servers');
  await rows.filter({ hasText: 'llama3.1:8b' }).click();
  await editor.untilReady('llama3.1:8b');
  assert.equal(await editor.page.locator('.notification-toast', { hasText: 'several models' }).count(), 0);
});

function rows(text: string | RegExp): ReturnType<typeof editor.page.locator> {
  return editor.page.locator('.quick-input-list .monaco-list-row', { hasText: text });
}

/** An item of the settings' page. */
function setting(name: string): ReturnType<typeof editor.page.locator> {
  return editor.page.locator(`.settings-editor [data-key="fimble.${name}"]`);
}

test('engines are listed as they do, and lead to their settings', async () => {
  await editor.status.click();
  await rows('Engines').click();
  await rows(/remote\s*completions · ready · first word after/).waitFor();
  const chat = rows(/remote\s*chat · down/); // it has no /api/chat
  assert.match(await chat.innerText(), /127\.0\.0\.1/);
  assert.equal(await rows('').count(), 2);
  await editor.shot('engines');
  await chat.click();
  await setting('endpoints').waitFor();
  await setting('roles.chat').waitFor();
  await editor.shot('engines-settings');
});

test('a choice that another setting keeps from counting is told', async () => {
  editor.configure({ 'fimble.roles.chat': ['local'], 'fimble.completion.automatic': false });
  await editor.untilStatus('on request'); // the settings have been read
  await editor.command('Fimble: Use a Model Server on This Machine');
  await rows('qwen2.5-coder:7b').click();
  const told = editor.page.locator('.notification-toast', { hasText: 'qwen2.5-coder:7b is not asked for chat' });
  await told.waitFor();
  assert.match(await told.innerText(), /fimble\.roles\.chat names local\./);
  await editor.shot('not-asked');
  await told.getByRole('button', { name: 'Open Settings' }).click();
  await setting('endpoints').waitFor({ state: 'detached' });
  await setting('roles.chat').waitFor();
});
