/** The chat in a folder that VS Code doesn't trust. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { call, ChatPage } from './chat.ts';
import { Editor, shotOfFailure } from './editor.ts';
import { fimble } from './server.ts';

let editor: Editor;

before(async () => {
  const script = [
    { chat: call('edit', { path: 'new.py', old: '', new: 'x = 1\n' }), when: 'write it' },
    { chat: 'I can only read.' },
  ];
  editor = await Editor.open({ 'fimble.server.command': fimble(script) }, {}, { isTrusted: false });
  await editor.untilReady();
});

afterEach((context) => shotOfFailure(editor, context));
after(() => editor?.close());

test('it only reads', async () => {
  const chat = new ChatPage(editor);
  await editor.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
  await chat.open();
  assert.deepEqual(await chat.frame.getByLabel('Mode').locator('option').allInnerTexts(), ['Plan']);
  await chat.say('write it');
  await chat.untilSaid('I can only read.');
  await chat.untilIdle();
  await editor.shot('chat-distrust');
  assert.equal(existsSync(join(editor.folder, 'new.py')), false);
});
