/** What is proposed or was changed, in the diff editor with buttons for what can be done about it. */

import { commands, Uri } from 'vscode';
import type { Diffs } from '../diffs';
import { Trouble } from '../trouble';
import type { Asks } from './asks';
import type { Board } from './board';
import type { Changes } from './changes';
import type { Ask, Diff } from './protocol';

/** For `when` clauses: paths of the files that are shown against what they were, in front. */
const REVIEWED = 'fimble.chat.reviewed';

export class Reviews {
  /** By the left side of their diff. */
  private readonly asked = new Map<string, string>();
  private readonly reviewed = new Map<string, { readonly path: string; readonly turn: number }>();

  constructor(
    private readonly board: Board,
    private readonly diffs: Diffs,
    private readonly asks: Asks,
    private readonly changes: Changes,
  ) {
    diffs.onDidClose((left) => {
      this.asked.delete(left.toString());
      this.reviewed.delete(left.toString());
    });
    diffs.onDidMove(() => this.tell());
  }

  /** The diff of a question, which can be answered there, or of a call. */
  async showDiff(item: string, path: string): Promise<void> {
    const ask = this.asks.find(item);
    const diff = ask?.diff?.path === path ? ask.diff : this.diffOf(item, path);
    if (diff === undefined) {
      return;
    }
    const isOpen = ask !== undefined && ask.answer === undefined;
    const left = await this.diffs.show({
      uri: Uri.file(diff.path),
      before: diff.oldText ?? '',
      after: diff.newText,
      kind: isOpen ? 'asked' : 'shown',
      words: isOpen ? 'proposed' : 'as it was changed',
    });
    if (isOpen) {
      this.asked.set(left.toString(), ask.id);
    }
  }

  /** What a turn did to a file. The right side is the file, where single changes can be reverted. */
  async review(turn: number, path: string): Promise<void> {
    const file = await this.changes.file(turn, path);
    if (file.binary) {
      throw new Trouble('This file is too long to be shown, or no text.');
    }
    const left = await this.diffs.show({
      uri: Uri.file(path),
      before: file.before ?? '',
      after: file.after === null ? '' : undefined,
      kind: 'shown',
      words: file.after === null ? 'deleted' : 'before ↔ now',
    });
    this.reviewed.set(left.toString(), { path, turn });
    this.tell();
  }

  /** Answer the question whose diff this is. */
  answer(left: Uri, kind: 'allow_once' | 'reject_once'): void {
    const id = this.asked.get(left.toString());
    const option = this.asks.find(id ?? '')?.options.find((each) => each.kind === kind);
    if (id !== undefined && option !== undefined) {
      this.asks.answer(id, option.id);
    }
  }

  /** The question is answered, so there is nothing to decide in its diff. */
  async close(ask: Ask): Promise<void> {
    const lefts = [...this.asked].filter(([, id]) => id === ask.id).map(([left]) => left);
    await Promise.all(lefts.map((left) => this.diffs.close(Uri.parse(left, true))));
  }

  async keep(left: Uri): Promise<void> {
    const of = this.reviewed.get(left.toString());
    if (of !== undefined) {
      this.changes.keep(of.turn, of.path);
      await this.diffs.close(left);
    }
  }

  /** Of which file of which turn this is the diff. */
  of(left: Uri): { readonly path: string; readonly turn: number } | undefined {
    return this.reviewed.get(left.toString());
  }

  private diffOf(item: string, path: string): Diff | undefined {
    return this.board.chat.turns
      .flatMap((turn) => turn.items)
      .flatMap((each) => (each.kind === 'call' && each.id === item ? each.diffs : []))
      .findLast((diff) => diff.path === path);
  }

  private tell(): void {
    const shown = this.diffs.front.filter(({ left }) => this.reviewed.has(left.toString()));
    const paths = shown.map(({ right }) => right.fsPath);
    void commands.executeCommand('setContext', REVIEWED, paths);
  }
}
