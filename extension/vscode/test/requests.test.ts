import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { LogOutputChannel, Uri as VsUri } from 'vscode';
import { insert, propose } from '../src/chat/blocks';
import { Changes } from '../src/chat/changes';
import type { FimbleChat } from '../src/chat/chat';
import type { FromView, ToView } from '../src/chat/protocol';
import { answering } from '../src/chat/requests';
import { Diffs } from '../src/diffs';
import { Proposals } from '../src/proposals';
import { edit, label, Scene } from './scene';
import { Document, Position, scene as editor, Selection, Uri } from './vscode';

const output = { error: () => undefined } as unknown as LogOutputChannel;

/** A chat in which a turn has changed a file. */
class Asked extends Scene {
  readonly sent: ToView[] = [];
  readonly changes = new Changes(this.board, this.link, label, (turn) => this.conversation.sessionOf(turn));
  private readonly answer = answering(
    {
      board: this.board,
      changes: this.changes,
      conversation: this.conversation,
      view: { send: (message: ToView) => this.sent.push(message) },
      inTurn: async (work: () => void | Promise<void>) => work(),
    } as unknown as FimbleChat,
    output,
  );
  private isUndone = false;

  async begin(): Promise<void> {
    this.link.answers['prompt'] = () => {
      this.tell(1, edit('c1'));
      return { stopReason: 'end_turn', files: ['/a'] };
    };
    this.link.answers['changes'] = ({ turn }) => ({
      turn,
      files: [{ path: '/a', before: 'x', after: 'y', undone: this.isUndone }],
    });
    this.link.answers['undo'] = () => {
      this.isUndone = true;
      return { files: ['/a'], merged: [], message: 'Undone.' };
    };
    await this.say('mend it');
    this.link.asked.length = 0;
  }

  async hear(message: FromView): Promise<void> {
    this.answer(message);
    for (let turns = 0; turns < 50; turns += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1)); // each step of it takes one of these at most
    }
  }
}

beforeEach(() => editor.clear());

test('what a turn did is undone before it is tried again, if the user wants that', async () => {
  const cases: [string | undefined, string[]][] = [
    ['Undo Them', ['changes', 'undo', 'changes', 'fork', 'prompt']],
    ['Keep Them', ['changes', 'fork', 'prompt']],
    [undefined, ['changes']],
  ];
  for (const [chosen, names] of cases) {
    const chat = new Asked();
    await chat.begin();
    editor.answer = chosen;
    await chat.hear({ type: 'retry' });
    assert.deepEqual(chat.link.names(), names);
    assert.match(editor.told.at(-1) ?? '', /Undo the changes of 1 file before/);
  }
});

test('of changes that are kept or undone nothing is asked', async () => {
  const chat = new Asked();
  await chat.begin();
  await chat.hear({ type: 'undo', turn: 1, path: undefined });
  await chat.hear({ type: 'retry' });
  assert.ok(chat.link.names().includes('fork'));
  assert.deepEqual(editor.told, []);
});

test('what can not be said while a turn runs is put back', async () => {
  const chat = new Asked();
  chat.link.answers['prompt'] = () => new Promise(() => undefined);
  await chat.hear({ type: 'prompt', text: 'one' });
  await chat.hear({ type: 'prompt', text: 'two' });
  assert.deepEqual(chat.sent, [{ type: 'compose', text: 'two' }]);
  assert.match(editor.told[0] ?? '', /Wait for the answer/);
});

test('the cursor stands behind a block that was applied, whatever the line ends', async () => {
  const document = new Document(Uri.file('/w/a.py'), 'if x:\r\n    \r\nb\r\n');
  const at = new Position(1, 4);
  editor.open = [document];
  editor.activeEditor = { document, selection: new Selection(at, at) };
  editor.apply = () => {
    document.text = 'if x:\r\n    y\r\n    z\r\n\r\nb\r\n';
    return true;
  };
  const proposals = new Proposals(new Diffs());
  const made = propose('y\nz\n', proposals);
  await new Promise(setImmediate);
  const { left, right } = editor.sides();
  assert.equal(editor.text(right), document.text.replace('    \r\n', '    y\r\n    z\r\n\r\n'));
  await proposals.apply(left as unknown as VsUri);
  await made;
  assert.deepEqual(editor.selection?.start, new Position(3, 0));
});

test('what the editor does not insert is told', async () => {
  const at = new Position(0, 0);
  editor.activeEditor = {
    document: new Document(Uri.file('/w/a.py'), ''),
    selection: new Selection(at, at),
    edit: () => Promise.resolve(false),
  };
  await assert.rejects(insert('x'), /can not be changed/);
});
