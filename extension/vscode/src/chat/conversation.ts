/** One chat with the server: its session is begun with the first message, and found again. */

import { REMEDIES, Trouble } from '../trouble';
import type { Board } from './board';
import type { Link } from './link';
import { firstMode, modesFor } from './modes';
import type { Chat, Turn, TurnEnd } from './protocol';
import { EMPTY } from './reduce';
import { abandoned, endOf, replayed, translated, type Label } from './translate';
import { lastOf, lastTurn, mayHaveChanged, runningTurn, sentenceOf, titleOf } from './turns';
import type { Ended, Listed, Opened, Resumed, Told } from './wire';

/** Of so many turns it is looked up what they have changed when a session is shown again. */
const LOOKED_UP = 10;

/** A server that takes longer to end a turn hangs, as far as the user can see. */
const PATIENCE_MS = 5_000;

const STOPPED: TurnEnd = { stopReason: 'cancelled', problem: '' };

export class Conversation {
  /** The run of the server in which the session is open. */
  private run: number | undefined;
  /** Of the events of that run. */
  private seq = 0;
  /** The latest turn that the server has counted. */
  private last = 0;
  /** Number of the turn that runs. */
  private turn = 0;
  private isStopped = false;
  private ending: Promise<unknown> = Promise.resolve();
  /** The user has said something here, or looked at another chat. */
  private isUsed = false;
  /** Sessions of turns that were taken over from others. */
  private origins = new Map<number, string>();

  constructor(
    private readonly board: Board,
    private readonly link: Link,
    private readonly label: Label,
    /** VS Code trusts the workspace: without that the chat only reads. */
    private readonly isTrusted: () => boolean,
    /** A turn that may have changed files has ended, or is shown again. Never rejects. */
    private readonly onEnd: (turn: number) => Promise<void>,
  ) {}

  /**
   * Say something; returns false where a turn runs, or it is nothing. What comes of it is told as
   * the turn's end, however that was.
   */
  prompt(text: string): boolean {
    if (this.chat.isRunning || text.trim() === '') {
      return false;
    }
    this.isUsed = true;
    this.turn = this.last + 1;
    this.isStopped = false;
    this.board.apply({ type: 'began', turn: this.turn, prompt: text });
    if (this.chat.title === '') {
      this.board.set({ title: titleOf(text) });
    }
    this.ending = this.through(text);
    return true;
  }

  /** End the turn that runs; resolves when it has ended. Throws Trouble if it does not. */
  async stop(): Promise<void> {
    if (this.chat.isRunning) {
      this.isStopped = true;
      if (this.chat.session !== undefined && this.run !== undefined) {
        // A server that has just ended has ended the turn, too.
        this.link.request('cancel', { session: this.chat.session }).catch(() => undefined);
      }
      await within(this.ending, PATIENCE_MS);
    }
  }

  /** Say the last message again, in a session without that turn; this one stays as it is. */
  async retry(): Promise<void> {
    const again = lastTurn(this.chat);
    if (again === undefined || this.chat.isRunning) {
      return;
    }
    const { session } = this.chat;
    const isCounted = again.number <= this.last;
    if (session !== undefined && isCounted) {
      await this.opened();
      this.chat.turns.forEach(({ number }) => {
        this.origins.set(number, this.origins.get(number) ?? session);
      });
      await this.enter('fork', { session, turn: again.number - 1 });
      this.origins.delete(again.number);
      this.last = again.number - 1;
      this.seq = 0;
    }
    const last = lastTurn(this.chat);
    this.board.replace({ ...this.chat, turns: this.chat.turns.filter((turn) => turn !== last) });
    this.prompt(again.prompt);
  }

  /** Begin anew. A turn that runs is stopped. */
  async clear(): Promise<void> {
    await this.stop();
    this.forget();
    const { model, trouble } = this.chat;
    const modes = modesFor(this.isTrusted());
    this.board.replace({ ...EMPTY, model, trouble, modes, mode: firstMode(this.isTrusted()) });
  }

  /** Forget a session for good. */
  async remove(session: string): Promise<void> {
    if (session === this.chat.session) {
      await this.clear();
    }
    await this.link.run();
    await this.link.request('delete', { session });
  }

  /** Show a stored session. A turn that runs is stopped. */
  async open(session: string): Promise<void> {
    await this.stop();
    (await this.resumed(session))([]);
  }

  /** Show a stored session if it is still there, and above what is explained; not if the user has begun something. */
  async restore(session: string): Promise<void> {
    await this.link.run();
    const { sessions } = await this.link.request<Listed>('list', {});
    if (sessions.some((each) => each.sessionId === session)) {
      const show = await this.resumed(session);
      if (!this.isUsed) {
        show(this.chat.turns);
      }
    }
  }

  /** What is done without asking, from now on. */
  async setMode(mode: string): Promise<void> {
    if (!this.chat.modes.some((each) => each.id === mode)) {
      return;
    }
    const { session, mode: before } = this.chat;
    this.board.set({ mode }); // at once: a session may be under way that is to have it
    if (session === undefined) {
      return;
    }
    try {
      await this.link.run();
      await this.link.request('setMode', { session, mode });
    } catch (error) {
      if (this.chat.session === session && this.chat.mode === mode) {
        this.board.set({ mode: before });
      }
      throw error;
    }
  }

  /** In which session a turn was. */
  sessionOf(turn: number): string | undefined {
    return this.origins.get(turn) ?? this.chat.session;
  }

  told({ session, turn, seq, event }: Told): void {
    if (session !== this.chat.session || seq <= this.seq || 'stopReason' in event) {
      return; // the end is what the prompt is answered with
    }
    this.seq = seq;
    if (turn > 0 && this.chat.isRunning) {
      this.last = turn;
      this.renumber(turn);
    }
    this.board.apply(...translated(this.chat, this.turn, event, this.label));
  }

  private get chat(): Chat {
    return this.board.chat;
  }

  /** A stored session is asked for; what is returned shows it, with these turns behind its own. */
  private async resumed(session: string): Promise<(others: readonly Turn[]) => void> {
    const run = await this.link.run();
    const resumed = await this.link.request<Resumed>('resume', { session });
    const values = await this.known(resumed);
    return (others) => {
      this.forget();
      const turns = replayed(resumed.history, this.label);
      const usage = resumed.usage ?? undefined;
      const shown = { ...this.chat, isRunning: false, title: '', ...values, usage };
      this.board.replace({ ...shown, turns: [...turns, ...others] });
      this.run = run;
      this.last = lastOf(resumed);
      for (const turn of turns.filter(mayHaveChanged).slice(-LOOKED_UP)) {
        void this.onEnd(turn.number);
      }
    };
  }

  private async through(text: string): Promise<void> {
    const end = await this.answered(text);
    const turn = runningTurn(this.chat);
    this.board.apply(...(turn ? abandoned(turn) : []), { type: 'ended', turn: this.turn, end });
    if (turn !== undefined && mayHaveChanged(turn)) {
      void this.onEnd(turn.number);
    }
  }

  private async answered(text: string): Promise<TurnEnd> {
    try {
      const session = await this.opened();
      if (this.isStopped) {
        return STOPPED;
      }
      return endOf(await this.link.request<Ended>('prompt', { session, text }));
    } catch (error) {
      return this.isStopped ? STOPPED : { stopReason: 'error', problem: sentenceOf(error) };
    }
  }

  /** The session, open in the server that runs now: the one before may have ended. */
  private async opened(): Promise<string> {
    const run = await this.link.run();
    const { session, mode } = this.chat;
    if (session === undefined) {
      const begun = await this.enter('begin', { mode });
      this.run = run;
      return begun;
    }
    if (run !== this.run) {
      const resumed = await this.link.request<Resumed>('resume', { session });
      this.board.set({ notes: resumed.notes, trust: resumed.trust });
      this.last = lastOf(resumed);
      this.seq = 0;
      this.run = run;
    }
    return session;
  }

  /** Go over to a new session. A mode that the user chooses meanwhile is that of it. */
  private async enter(method: 'begin' | 'fork', params: object): Promise<string> {
    const { mode } = this.chat;
    const opened = await this.link.request<Opened>(method, params);
    const values = await this.known(opened);
    const chosen = this.chat.mode;
    this.board.set(values);
    if (chosen !== mode) {
      await this.setMode(chosen);
    }
    return opened.sessionId;
  }

  /** What a chat is from now on; where VS Code trusts nothing, no session may write. */
  private async known(opened: Opened): Promise<Partial<Chat>> {
    const { sessionId: session, title, notes, trust } = opened;
    const modes = modesFor(this.isTrusted(), opened.modes);
    let { mode } = opened;
    const [only] = modes;
    if (only !== undefined && !modes.some((each) => each.id === mode)) {
      mode = only.id;
      await this.link.request('setMode', { session, mode });
    }
    return { session, mode, modes, notes, trust, ...(title && { title }) };
  }

  /** The server counts otherwise: another program has had a turn in this session. */
  private renumber(number: number): void {
    if (number !== this.turn) {
      const turns = this.chat.turns.map((turn) =>
        turn.number === this.turn && turn.end === undefined ? { ...turn, number } : turn,
      );
      this.turn = number;
      this.board.replace({ ...this.chat, turns });
    }
  }

  private forget(): void {
    this.isUsed = true;
    this.run = undefined;
    this.seq = 0;
    this.last = 0;
    this.origins = new Map();
  }
}

async function within(ending: Promise<unknown>, patience: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    const trouble = new Trouble('The server does not stop. Wait for it, or restart it.', [REMEDIES.restart]);
    timer = setTimeout(() => reject(trouble), patience);
  });
  await Promise.race([ending, late]).finally(() => clearTimeout(timer));
}
