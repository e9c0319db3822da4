/** The first minutes: no server, no model, a wrong path. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Editor, PYTHON, shotOfFailure, until } from './editor.ts';
import { fimble, wheel } from './server.ts';

let editor: Editor;
let hub: Server;

before(async () => {
  // A source of models that begins to answer, and then says nothing more.
  hub = createServer((request, response) => {
    response.writeHead(200, { 'Content-Length': 1_117_320_768 });
    if (request.method === 'GET') {
      response.write(Buffer.alloc(60_000_000));
    } else {
      response.end();
    }
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  const { port } = hub.address() as AddressInfo;
  const settings = {
    'fimble.server.python': PYTHON,
    'fimble.server.package': wheel(),
  };
  const variables = { HF_ENDPOINT: `http://127.0.0.1:${port}`, PATH: '/usr/bin:/bin', PIP_NO_INDEX: '1' };
  editor = await Editor.open(settings, variables);
});

afterEach((context) => shotOfFailure(editor, context));
after(async () => {
  await editor?.close();
  hub.closeAllConnections();
  hub.close();
});

function toast(text: string | RegExp): ReturnType<typeof editor.page.locator> {
  return editor.page.locator('.notification-toast', { hasText: text });
}

test('without a server, one is set up', async () => {
  await editor.untilStatus('Fimble: set up');
  const offer = toast('The server is not set up yet');
  await offer.waitFor();
  await editor.shot('missing');
  await offer.getByRole('button', { name: 'Set Up the Server' }).click();
  await toast('Setting up Fimble').waitFor();
  await editor.shot('installing');
  // It starts, and then there is no model.
  await toast('Fimble recommends qwen2.5-coder-').waitFor();
  await editor.shot('no-model');
  await until(async () => (await editor.status.innerText()).trim() === 'Fimble');
  assert.ok(existsSync(join(editor.globalStorage, readdirSync(editor.globalStorage)[0] ?? '', 'bin', 'fimble')));
});

test('a model is recommended; its download shows how far it is, and can be cancelled', async () => {
  await toast('Fimble recommends qwen2.5-coder-').getByRole('button', { name: 'Download' }).click();
  const progress = toast(/Downloading qwen2\.5-coder-.*MB of/);
  await progress.waitFor();
  await editor.shot('downloading');
  await progress.getByRole('button', { name: 'Cancel' }).click();
  await progress.waitFor({ state: 'detached' });
});

test('a model is chosen from a list', async () => {
  await editor.command('Fimble: Switch Model…');
  await editor.page.locator('.quick-input-list .monaco-list-row', { hasText: '0.5B Q4_K_M' }).waitFor();
  await editor.shot('models');
  await editor.press('Escape');
});

test('the walkthrough', async () => {
  await editor.command('Fimble: Get Started');
  await editor.page.locator('.gettingStartedContainer', { hasText: 'Download a model' }).waitFor();
  await editor.shot('walkthrough');
});

test('the model that is set is offered', async () => {
  editor.configure({ 'fimble.model': 'qwen2.5-coder-0.5b' });
  await toast('qwen2.5-coder-0.5b (491 MB) is not on this machine yet.').waitFor();
});

test('a wrong path is named, and a right one used', async () => {
  editor.configure({ 'fimble.server.command': '/no/such/fimble' });
  await toast('/no/such/fimble is no file that can be run; correct fimble.server.command').waitFor();
  await editor.untilStatus('Fimble: set up');
  await editor.shot('wrong-path');
  editor.configure({ 'fimble.server.command': fimble([]) });
  await editor.untilReady();
});

test('a server that ends at once is given up', async () => {
  editor.configure({ 'fimble.server.command': fimble([], '--no-such-option') });
  await toast('The server ended by itself too often').waitFor();
  await until(async () => (await editor.status.innerText()).trim() === 'Fimble');
  assert.equal(await toast('The server ended by itself').count(), 1);
});

test('an endpoint where nobody is', async () => {
  const settings = { 'fimble.remote.url': 'http://127.0.0.1:9', 'fimble.remote.model': 'coder' };
  editor.configure({ ...settings, 'fimble.server.command': fimble([], ' ') });
  await toast('No server answers at 127.0.0.1:9').getByRole('button', { name: 'Open Settings' }).waitFor();
  await until(async () => (await editor.status.innerText()).trim() === 'Fimble');
  await editor.shot('dead-endpoint');
});
