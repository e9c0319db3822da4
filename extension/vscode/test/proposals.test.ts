import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Uri, type LogOutputChannel } from 'vscode';
import type { LanguageClient, RequestType, WorkspaceEdit } from 'vscode-languageclient/node';
import { Diffs } from '../src/diffs';
import { ModelEdits } from '../src/modelEdits';
import { Proposals } from '../src/proposals';
import { Document, scene, Uri as StandIn } from './vscode';

const TEXT = 'def f():\n    pass\n';
const MADE = 'def f():\n    return 1\n';
const URI = 'file:///w/a.py';
const output = { error: () => undefined } as unknown as LogOutputChannel;
const server = {
  protocol2CodeConverter: {
    asUri: (uri: string) => Uri.parse(uri),
    asWorkspaceEdit: (edit: WorkspaceEdit) => Promise.resolve(edit),
  },
} as unknown as LanguageClient;

let running: LanguageClient | undefined;
let proposals: Proposals;
let modelEdits: ModelEdits;

beforeEach(() => {
  scene.clear();
  running = server;
  proposals = new Proposals(new Diffs());
  modelEdits = new ModelEdits(() => running, () => proposals, output);
});

function edit(version: number | null, isNew = false): WorkspaceEdit {
  const range = { start: { line: 1, character: 4 }, end: { line: 1, character: 8 } };
  const filled = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const edits = [isNew ? { range: filled, newText: MADE, annotationId: 'm' } : { range, newText: 'return 1', annotationId: 'm' }];
  return {
    changeAnnotations: { m: { label: 'Written by a model', needsConfirmation: true } },
    documentChanges: [
      ...(isNew ? [{ kind: 'create' as const, uri: URI }] : []),
      { textDocument: { uri: URI, version }, edits },
    ],
  };
}

function open(text = TEXT, version = 7): Document {
  const document = new Document(StandIn.parse(URI), text, version);
  scene.open.push(document);
  return document;
}

/** As the server makes one; resolves to whether it was made. */
async function asked(given: WorkspaceEdit): Promise<{ made: Promise<boolean>; left: string | undefined; right: string | undefined }> {
  const result = modelEdits.handleApplyEdit({ edit: given }, () => Promise.reject(new Error('not shown')));
  const made = Promise.resolve(result).then((each) => 'applied' in each && each.applied);
  await new Promise(setImmediate);
  const sides = scene.active === undefined ? undefined : scene.sides();
  return { made, left: sides && scene.text(sides.left), right: sides && scene.text(sides.right) };
}

const apply = (): Promise<void> => proposals.apply(scene.sides().left as unknown as Uri);

test('a change is shown, and made when it is wanted', async () => {
  const document = open();
  scene.apply = () => {
    document.text = MADE;
    return true;
  };
  const { made, left, right } = await asked(edit(7));
  assert.deepEqual([left, right], [TEXT, MADE]);
  await apply();
  assert.equal(await made, true);
  assert.equal(scene.applied.length, 1);
});

test('a file that is not open is shown as it is on the disk', async () => {
  scene.disk.set('/w/a.py', TEXT);
  const { made, left, right } = await asked(edit(null));
  assert.deepEqual([scene.active?.label, left, right], ['a.py (proposed)', TEXT, MADE]);
  await apply();
  assert.equal(await made, true);
});

test('a file that is not there is new', async () => {
  scene.apply = () => {
    scene.disk.set('/w/a.py', MADE);
    return true;
  };
  const { made, left, right } = await asked(edit(null, true));
  assert.deepEqual([scene.active?.label, left, right], ['a.py (new)', '', MADE]);
  await apply();
  assert.equal(await made, true);
});

test('what was worked out for another text is not shown', async () => {
  open(`import os\n${TEXT}`, 8);
  const { made } = await asked(edit(7));
  assert.equal(await made, false);
  assert.match(scene.told[0] ?? '', /has been changed since/);
  assert.equal(scene.active, undefined);
});

test('what is shown is not made of another text', async () => {
  for (const given of [edit(7), edit(null)]) {
    scene.open = [];
    const document = open();
    await asked(given);
    document.text = `import os\n${TEXT}`;
    await assert.rejects(apply(), /has been changed since/);
  }
  assert.deepEqual(scene.applied, []);
});

test('a diff that is moved can still be applied, and one that is closed says that it can not', async () => {
  open();
  const { made } = await asked(edit(7));
  const { left, right } = scene.sides();
  scene.move(scene.active!);
  assert.equal(scene.text(right), MADE);
  await proposals.apply(left as unknown as Uri);
  assert.equal(await made, true);
  assert.deepEqual(scene.groups.flat(), []);
  const second = await asked(edit(7));
  const closed = scene.sides().left;
  scene.close(scene.active!);
  assert.equal(await second.made, false);
  await assert.rejects(proposals.apply(closed as unknown as Uri), /waits no longer/);
});

test('without a server nothing is proposed, and that is said', async () => {
  running = undefined;
  const { made } = await asked(edit(7));
  assert.equal(await made, false);
  assert.match(scene.told[0] ?? '', /server ended/);
});

test("an action's edit is shown by itself: the editor drops what an action of an older list has it do", async () => {
  open();
  const action = { title: 'Fix', kind: 'quickfix', edit: edit(7) };
  const resolve = { method: 'codeAction/resolve' } as RequestType<object, object, void>;
  const result = await modelEdits.sendRequest(resolve, action, undefined, () => Promise.resolve(action));
  await new Promise(setImmediate);
  assert.deepEqual(result, { title: 'Fix', kind: 'quickfix' });
  assert.equal(scene.text(scene.sides().right), MADE);
  running = undefined;
  await modelEdits.sendRequest(resolve, action, undefined, () => Promise.resolve(action));
  await new Promise(setImmediate);
  assert.match(scene.told[0] ?? '', /server ended/);
});
