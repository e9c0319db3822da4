import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Uri } from 'vscode';
import { Asks } from '../src/chat/asks';
import { Board } from '../src/chat/board';
import { Changes } from '../src/chat/changes';
import type { Link } from '../src/chat/link';
import { Reviews } from '../src/chat/reviews';
import { Diffs } from '../src/diffs';
import { scene, TabInputTextDiff, Uri as StandIn, type Tab } from './vscode';

const PATH = '/w/c.py';
const label = (path: string): string => path;

let diffs: Diffs;
let reviews: Reviews;

beforeEach(() => {
  scene.clear();
  const board = new Board({ whole: () => undefined, updates: () => undefined });
  const files = [{ path: PATH, before: 'old', after: 'new', undone: false }];
  const link: Link = { run: () => Promise.resolve(1), request: <T>() => Promise.resolve({ turn: 1, files } as T) };
  const changes = new Changes(board, link, label, () => 's1');
  diffs = new Diffs();
  reviews = new Reviews(board, diffs, new Asks(board, label, () => undefined), changes);
});

/** Of which turn the buttons of what is in front are. */
function turn(): number | undefined {
  return reviews.of(diffs.of(scene.sides().right as unknown as Uri))?.turn;
}

function front(): Tab {
  assert.ok(scene.active);
  return scene.active;
}

test('two turns that changed one file are reviewed each in its diff', async () => {
  await reviews.review(1, PATH);
  const first = front();
  await reviews.review(2, PATH);
  const second = front();
  assert.equal(turn(), 2);
  scene.show(first);
  assert.equal(turn(), 1);
  scene.close(second);
  assert.equal(turn(), 1);
  assert.deepEqual(scene.contexts['fimble.chat.reviewed'], [PATH]);
  await reviews.keep(scene.sides().left as unknown as Uri);
  assert.deepEqual([scene.active, scene.contexts['fimble.chat.reviewed']], [undefined, []]);
});

test('a diff of another program has no buttons of a review', async () => {
  await reviews.review(1, PATH);
  const ours = front();
  const git = StandIn.from({ scheme: 'git', path: PATH });
  scene.show({ input: new TabInputTextDiff(git, StandIn.file(PATH)), label: 'c.py', isActive: true });
  assert.deepEqual(scene.contexts['fimble.chat.reviewed'], []);
  scene.show(ours);
  assert.deepEqual(scene.contexts['fimble.chat.reviewed'], [PATH]);
});
