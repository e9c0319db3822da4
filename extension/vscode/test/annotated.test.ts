import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkspaceEdit } from 'vscode-languageserver-types';
import { fileEdit, isShown, resultOf, unasked } from '../src/annotated';

const RANGE = { start: { line: 0, character: 4 }, end: { line: 0, character: 5 } };
const ASKED = { m: { label: 'Written by a model', needsConfirmation: true } };

function changeOf(uri: string, version: number | null): NonNullable<WorkspaceEdit['documentChanges']>[number] {
  return { textDocument: { uri, version }, edits: [{ range: RANGE, newText: '2', annotationId: 'm' }] };
}

test('what a model changes in one file is shown', () => {
  const edit: WorkspaceEdit = { documentChanges: [changeOf('file:///a', 3)], changeAnnotations: ASKED };
  assert.equal(isShown(edit), true);
  assert.deepEqual(fileEdit(edit), { uri: 'file:///a', isNew: false, version: 3, edits: [{ range: RANGE, newText: '2' }] });
});

test('what follows from rules is made at once', () => {
  assert.equal(isShown({ documentChanges: [changeOf('file:///a', 3)] }), false);
});

test('a new file is shown, too; several are left to the editor', () => {
  const made = { kind: 'create', uri: 'file:///a', annotationId: 'm' } as const;
  const one: WorkspaceEdit = { documentChanges: [made, changeOf('file:///a', null)], changeAnnotations: ASKED };
  assert.deepEqual([fileEdit(one)?.version, fileEdit(one)?.isNew], [undefined, true]);
  assert.equal(isShown(one), true);
  const two = { ...one, documentChanges: [made, changeOf('file:///b', 1)] };
  const three = { ...one, documentChanges: [changeOf('file:///a', 1), changeOf('file:///b', 1)] };
  assert.deepEqual([isShown(two), isShown(three)], [false, false]);
});

test('nobody is asked twice', () => {
  const edit: WorkspaceEdit = { documentChanges: [changeOf('file:///a', 3)], changeAnnotations: ASKED };
  assert.deepEqual(JSON.parse(JSON.stringify(unasked(edit))), {
    documentChanges: [
      { textDocument: { uri: 'file:///a', version: 3 }, edits: [{ range: RANGE, newText: '2' }] },
    ],
  });
});

test('edits are made of the text as it was', () => {
  const first = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
  const edits = [
    { range: RANGE, newText: '22' },
    { range: first, newText: 'long' },
  ];
  assert.equal(resultOf('é = 1\nb', edits), 'long = 22\nb');
});
