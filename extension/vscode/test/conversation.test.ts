import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asks, type Cancellation } from '../src/chat/asks';
import { Changes } from '../src/chat/changes';
import { Explanations } from '../src/chat/explanations';
import { MODES } from '../src/chat/modes';
import { trust } from '../src/chat/trust';
import type { Asked } from '../src/chat/wire';
import { edit, label, say, Scene, text } from './scene';

/** Listeners that wait to hear that a question is taken back. */
let listeners = 0;
const FOREVER: Cancellation = {
  isCancellationRequested: false,
  onCancellationRequested: () => {
    listeners += 1;
    return { dispose: () => (listeners -= 1) };
  },
};

test('a turn, from its first word to what it changed', async () => {
  const scene = new Scene();
  scene.link.answers['prompt'] = () => {
    scene.tell(1, say('Do'));
    scene.tell(1, edit('c1'));
    scene.tell(1, say('ne.'));
    scene.tell(1, say('of another'), 'other');
    scene.conversation.told({ session: 's1', turn: 1, seq: 1, event: say('twice') });
    return { stopReason: 'end_turn', files: ['a.py'] };
  };
  await scene.say('  mend\nadd  ');
  const chat = scene.check();
  assert.deepEqual(scene.link.names(), ['begin', 'prompt']);
  assert.deepEqual(chat.turns[0]?.items.map((item) => ('text' in item ? item.text : '')), ['Do', '', 'ne.']);
  assert.deepEqual([chat.session, chat.title, chat.isRunning], ['s1', 'mend add', false]);
  assert.deepEqual(chat.turns[0]?.end, { stopReason: 'end_turn', problem: '' });
  assert.deepEqual(scene.shown, [1]);
});

test('what the server refuses is the end of the turn, and it can be said again', async () => {
  const scene = new Scene();
  scene.link.answers['prompt'] = () => Promise.reject(new Error('There is no model.'));
  await scene.say('hello');
  assert.deepEqual(scene.check().turns[0]?.end, { stopReason: 'error', problem: 'There is no model.' });
  scene.link.answers['prompt'] = () => ({ stopReason: 'end_turn', files: [] });
  await scene.conversation.retry();
  await scene.ended();
  // The server has not counted the first, so there is nothing to leave out.
  assert.deepEqual(scene.link.names(), ['begin', 'prompt', 'prompt']);
  assert.deepEqual(scene.check().turns.map((turn) => [turn.prompt, turn.end?.stopReason]), [['hello', 'end_turn']]);
});

test('a turn is said again in a session without it', async () => {
  const scene = new Scene();
  let turn = 0;
  scene.link.answers['prompt'] = ({ session }) => {
    scene.tell(++turn, say('word'), String(session));
    return { stopReason: 'end_turn', files: [] };
  };
  await scene.say('one');
  await scene.say('two');
  turn = 1;
  scene.link.answers['prompt'] = ({ session }) => {
    scene.conversation.told({ session: String(session), turn: 2, seq: 1, event: say('other') });
    return { stopReason: 'end_turn', files: [] };
  };
  await scene.conversation.retry();
  await scene.ended();
  assert.deepEqual(scene.link.asked.find(([method]) => method === 'fork')?.[1], { session: 's1', turn: 1 });
  const chat = scene.check();
  assert.equal(chat.session, 's2');
  assert.deepEqual(chat.turns.map(({ number, prompt, items }) => [number, prompt, items]), [
    [1, 'one', [{ kind: 'text', text: 'word' }]],
    [2, 'two', [{ kind: 'text', text: 'other' }]],
  ]);
  assert.equal(scene.conversation.sessionOf(1), 's1');
  assert.equal(scene.conversation.sessionOf(2), 's2');
});

test('a server that ends in a turn is found again by the next', async () => {
  const scene = new Scene();
  scene.link.answers['prompt'] = () => {
    scene.tell(1, edit('c1'));
    return Promise.reject(new Error('The server ended.'));
  };
  await scene.say('one');
  const call = scene.check().turns[0]?.items[0];
  assert.equal(call?.kind === 'call' && call.status, 'failed');
  scene.link.runs = 2;
  scene.link.answers['resume'] = () => ({
    ...scene.link.session('s1'),
    notes: ['The last turn was cut off.'],
    history: [{ turn: 1, event: edit('c1') }],
    usage: null,
  });
  scene.link.answers['prompt'] = () => {
    scene.conversation.told({ session: 's1', turn: 2, seq: 1, event: say('again') });
    return { stopReason: 'end_turn', files: [] };
  };
  await scene.say('two');
  assert.deepEqual(scene.link.names(), ['begin', 'prompt', 'resume', 'prompt']);
  const chat = scene.check();
  assert.deepEqual(chat.notes, ['The last turn was cut off.']);
  assert.deepEqual(chat.turns[1]?.items, [{ kind: 'text', text: 'again' }]);
});

test('turns are numbered as the server counts', async () => {
  const scene = new Scene();
  scene.link.answers['prompt'] = () => {
    scene.tell(0, say('a'));
    scene.tell(7, say('b'));
    return { stopReason: 'end_turn', files: [] };
  };
  await scene.say('one');
  assert.deepEqual(scene.check().turns.map(({ number, items }) => [number, items]), [[7, [{ kind: 'text', text: 'ab' }]]]);
});

test('a turn is stopped, even before it began', async () => {
  const scene = new Scene();
  let end = (): void => undefined;
  scene.link.answers['prompt'] = () => new Promise((resolve) => {
    end = () => resolve({ stopReason: 'cancelled', files: [] });
  });
  scene.link.answers['cancel'] = () => end();
  scene.conversation.prompt('one');
  await scene.conversation.stop();
  assert.deepEqual(scene.link.names(), ['begin']);
  assert.equal(scene.check().turns[0]?.end?.stopReason, 'cancelled');
  scene.conversation.prompt('two');
  await new Promise(setImmediate);
  await scene.conversation.stop();
  assert.deepEqual(scene.link.names(), ['begin', 'prompt', 'cancel']);
  assert.equal(scene.check().turns[1]?.end?.stopReason, 'cancelled');
});

test('a server that does not stop is told of', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const scene = new Scene();
  scene.link.answers['prompt'] = scene.link.answers['cancel'] = () => new Promise(() => undefined);
  scene.conversation.prompt('one');
  await new Promise(setImmediate);
  const cleared = scene.conversation.clear();
  context.mock.timers.tick(5_000);
  await assert.rejects(cleared, /does not stop/);
  assert.equal(scene.check().isRunning, true);
});

test('another chat is shown, and a new one begun', async () => {
  const scene = new Scene();
  await scene.say('one');
  scene.link.answers['resume'] = () => ({
    ...scene.link.session('old', 'edit'),
    title: 'Old',
    history: [
      { turn: 4, event: { sessionUpdate: 'user_message_chunk', content: text('before') } },
      { turn: 4, event: edit('c1') },
    ],
    usage: { used: 1, size: 2 },
  });
  await scene.conversation.open('old');
  let chat = scene.check();
  assert.deepEqual([chat.session, chat.title, chat.mode, chat.usage?.used], ['old', 'Old', 'edit', 1]);
  assert.deepEqual(chat.turns.map((turn) => [turn.number, turn.prompt]), [[4, 'before']]);
  assert.deepEqual(scene.shown, [4]);
  await scene.conversation.remove('old');
  chat = scene.check();
  assert.deepEqual([chat.session, chat.title, chat.mode, chat.turns], [undefined, '', 'ask', []]);
});

test('where VS Code trusts nothing, a chat only reads', async () => {
  const scene = new Scene();
  scene.isTrusted = false;
  await scene.conversation.clear();
  assert.deepEqual(scene.check().modes.map((mode) => mode.id), ['plan']);
  await scene.say('one');
  assert.deepEqual(scene.link.asked[0], ['begin', { mode: 'plan' }]);
  scene.link.answers['resume'] = () => ({ ...scene.link.session('old', 'all'), history: [], usage: null });
  await scene.conversation.open('old');
  assert.deepEqual(scene.link.asked.at(-1), ['setMode', { session: 'old', mode: 'plan' }]);
  assert.equal(scene.check().mode, 'plan');
  await scene.conversation.setMode('all');
  assert.equal(scene.check().mode, 'plan');
});

test('a mode that is chosen while a session is begun is that of the session', async () => {
  const scene = new Scene();
  scene.board.set({ mode: 'all', modes: MODES });
  scene.link.answers['begin'] = async ({ mode }) => {
    await scene.conversation.setMode('plan');
    return scene.link.session('s1', String(mode));
  };
  await scene.say('one');
  assert.deepEqual(scene.link.asked[1], ['setMode', { session: 's1', mode: 'plan' }]);
  assert.deepEqual(scene.link.names(), ['begin', 'setMode', 'prompt']);
  assert.equal(scene.check().mode, 'plan');
  scene.link.answers['prompt'] = () => {
    scene.tell(1, say('word'));
    return { stopReason: 'end_turn', files: [] };
  };
  await scene.say('two');
  scene.link.answers['fork'] = async () => {
    await scene.conversation.setMode('ask');
    return scene.link.session('s2', 'plan');
  };
  await scene.conversation.retry();
  await scene.ended();
  assert.deepEqual(scene.link.asked.at(-2), ['setMode', { session: 's2', mode: 'ask' }]);
  assert.equal(scene.check().mode, 'ask');
});

test('a mode that the server refuses is not shown', async () => {
  const scene = new Scene();
  await scene.say('one');
  scene.link.answers['setMode'] = () => Promise.reject(new Error('No.'));
  await assert.rejects(scene.conversation.setMode('all'), /No/);
  assert.equal(scene.check().mode, 'ask');
});

test('a folder is trusted by who says so, and not where VS Code does not trust it', async () => {
  const scene = new Scene();
  await scene.say('one');
  await assert.rejects(trust(scene.board, scene.link, false), /Trust this folder in VS Code first/);
  assert.ok(!scene.link.names().includes('trust'));
  const waiting = { notes: ['AGENTS.md has no say.'], trust: true };
  scene.link.answers['resume'] = ({ session }) => ({ ...scene.link.session(String(session)), ...waiting, history: [] });
  await scene.conversation.open('s1');
  assert.deepEqual([scene.check().notes, scene.check().trust], [waiting.notes, true]);
  scene.link.answers['trust'] = () => Promise.reject(new Error('No.'));
  await assert.rejects(trust(scene.board, scene.link, true), /No/);
  assert.equal(scene.check().trust, true, 'it waits until it is trusted');
  Object.assign(scene.link.answers, new Scene().link.answers, { trust: () => undefined });
  await trust(scene.board, scene.link, true);
  assert.deepEqual(scene.link.asked.at(-2), ['trust', { trusted: true }]);
  assert.deepEqual([scene.check().notes, scene.check().trust], [[], false]);
});

const ASKED: Asked = {
  sessionId: 's1',
  toolCall: { toolCallId: 'c1', title: 'run', content: [] },
  options: [{ optionId: 'allow_once', name: 'Allow', kind: 'allow_once' }],
};

test('a question waits for one of its options', async () => {
  const scene = new Scene();
  const asks = new Asks(scene.board, label, () => undefined);
  let outcome: unknown;
  scene.link.answers['prompt'] = async () => {
    outcome = await asks.ask(ASKED, FOREVER);
    return { stopReason: 'end_turn', files: [] };
  };
  scene.conversation.prompt('one');
  await new Promise(setImmediate);
  asks.answer('ask-1', 'all of it');
  asks.answer('ask-2', 'allow_once');
  await new Promise(setImmediate);
  assert.equal(asks.find('ask-1')?.answer, undefined);
  asks.answer('ask-1', 'allow_once');
  await scene.ended();
  assert.deepEqual(outcome, { outcome: { outcome: 'selected', optionId: 'allow_once' } });
  assert.equal(listeners, 0);
  assert.equal(asks.find('ask-1')?.answer, 'allow_once');
  scene.check();
});

test('a question is taken back', async () => {
  const scene = new Scene();
  const asks = new Asks(scene.board, label, () => undefined);
  const outcomes: unknown[] = [await asks.ask(ASKED, FOREVER)]; // no turn runs
  scene.link.answers['prompt'] = async () => {
    let cancel = (): void => undefined;
    const waiting = asks.ask(ASKED, {
      isCancellationRequested: false,
      onCancellationRequested: (listener) => {
        cancel = listener;
        return { dispose: () => undefined };
      },
    });
    cancel();
    outcomes.push(await waiting, await asks.ask({ ...ASKED, sessionId: 'other' }, FOREVER));
    const last = asks.ask(ASKED, FOREVER);
    asks.takeBack();
    outcomes.push(await last);
    return { stopReason: 'end_turn', files: [] };
  };
  await scene.say('one');
  assert.deepEqual(outcomes, Array(4).fill({ outcome: { outcome: 'cancelled' } }));
  assert.deepEqual(scene.check().turns[0]?.items.map((item) => item.kind === 'ask' && item.answer), [null, null]);
});

test('files of a turn are kept and undone', async () => {
  const scene = new Scene();
  const changes = new Changes(scene.board, scene.link, label, (turn) => scene.conversation.sessionOf(turn));
  const undone = new Set<unknown>();
  scene.link.answers['changes'] = ({ turn }) => ({
    turn,
    files: ['/a', '/b'].map((path) => ({ path, before: 'x\n', after: 'y\nz\n', undone: undone.has(path) })),
  });
  scene.link.answers['undo'] = ({ paths }) => {
    (paths as string[]).forEach((path) => undone.add(path));
    return { files: paths, merged: [], message: 'Undone.' };
  };
  const states = (): unknown => scene.check().turns[0]?.changes.map((each) => [each.path, each.state]);
  assert.throws(() => changes.latest(), /nothing to undo/);
  await scene.say('one');
  await changes.show(1);
  assert.equal(changes.latest(), 1);
  changes.keep(1, '/b');
  assert.deepEqual(states(), [['/a', 'open'], ['/b', 'kept']]);
  await changes.undo(1, '/a');
  assert.deepEqual(scene.link.asked.find(([method]) => method === 'undo')?.[1], { session: 's1', turn: 1, paths: ['/a'] });
  assert.deepEqual(states(), [['/a', 'undone'], ['/b', 'kept']]);
  await assert.rejects(changes.file(1, '/c'), /has not changed/);
});

test('what is no longer so is not shown', () => {
  const scene = new Scene();
  scene.board.set({ trouble: { sentence: 'No server.', remedies: [] } });
  assert.equal(scene.check().trouble?.sentence, 'No server.');
  scene.board.set({ model: 'm', trouble: undefined });
  assert.equal(scene.check().trouble, undefined);
});

test('explanations are turns of their own, and grow', async () => {
  const scene = new Scene();
  const explanations = new Explanations(scene.board);
  const tell = (id: string, words: string, done = false): boolean => explanations.tell({ id, title: `T${id}`, text: words, done });
  assert.equal(tell('1', 'It'), true);
  assert.equal(tell('1', 'It adds'), false);
  assert.equal(scene.check().isRunning, false);
  let end = (): void => undefined;
  scene.link.answers['prompt'] = () => new Promise((resolve) => {
    end = () => resolve({ stopReason: 'end_turn', files: [] });
  });
  scene.conversation.prompt('one');
  tell('2', 'Other');
  tell('1', 'It adds up.', true); // not the latest
  assert.equal(scene.check().isRunning, true);
  tell('2', 'Quite other', true);
  await new Promise(setImmediate);
  end();
  await scene.ended();
  const shown = scene.check().turns.map(({ prompt, items, end: ended }) => [prompt, items, ended?.stopReason]);
  assert.deepEqual(shown, [
    ['T1', [{ kind: 'text', text: 'It adds up.' }], 'end_turn'],
    ['one', [], 'end_turn'],
    ['T2', [{ kind: 'text', text: 'Quite other' }], 'end_turn'],
  ]);
});

test('an explanation goes on where it is when a turn is tried again', async () => {
  const scene = new Scene();
  const explanations = new Explanations(scene.board);
  const tell = (words: string, done = false): boolean => explanations.tell({ id: 'e', title: 'Explain f', text: words, done });
  await scene.say('first');
  tell('It');
  await scene.conversation.retry();
  await scene.ended();
  tell('It is', true);
  const shown = scene.check().turns.map(({ prompt, items, end }) => [prompt, items, end?.stopReason]);
  assert.deepEqual(shown, [
    ['Explain f', [{ kind: 'text', text: 'It is' }], 'end_turn'],
    ['first', [], 'end_turn'],
  ]);
});

test('an explanation that ends with its server ends no turn', async () => {
  const scene = new Scene();
  const explanations = new Explanations(scene.board);
  await scene.say('first');
  explanations.tell({ id: 'e', title: 'Explain f', text: 'It', done: false });
  scene.link.answers['prompt'] = () => new Promise(() => undefined);
  await scene.conversation.retry();
  await new Promise(setImmediate);
  explanations.end();
  assert.equal(scene.check().isRunning, true);
  assert.deepEqual(scene.check().turns.map((turn) => turn.end?.problem), ['The server ended meanwhile.', undefined]);
});

test('an explanation ends with its server', () => {
  const scene = new Scene();
  const explanations = new Explanations(scene.board);
  explanations.tell({ id: '1', title: 'T', text: 'It', done: false });
  explanations.end();
  assert.deepEqual(scene.check().turns[0]?.end, { stopReason: 'error', problem: 'The server ended meanwhile.' });
});
