/** Suggestions on their way to the editor, and what becomes of them. */

import {
  CancellationError,
  commands,
  InlineCompletionTriggerKind,
  Range,
  window,
  workspace,
  type InlineCompletionContext,
  type InlineCompletionItem,
  type InlineCompletionList,
  type ProviderResult,
  type TextDocument,
} from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import { acceptedOf, goesOn, type Offered } from './accepted';
import type { Snooze } from './snooze';
import { tell } from './tell';

export type Notify = (method: string, params: object) => void;
type Result = InlineCompletionItem[] | InlineCompletionList | null | undefined;

export class Suggestions {
  private offered: readonly Offered[] = [];
  private document: TextDocument | undefined;

  constructor(
    private readonly snooze: Snooze,
    private readonly notify: Notify,
    private readonly onFirst: () => void,
  ) {}

  readonly middleware: NonNullable<Middleware['provideInlineCompletionItems']> = async (
    document,
    position,
    context,
    token,
    next,
  ) => {
    if (context.triggerKind === InlineCompletionTriggerKind.Automatic && this.snooze.leftMs > 0) {
      return null;
    }
    const result = await asked(next(document, position, context, token), context);
    if (!token.isCancellationRequested) {
      this.offer(document, context, result);
    }
    return result;
  };

  /** Have the editor insert a part of what it shows, and tell the server how much that was. */
  async accept(part: 'Word' | 'Line'): Promise<void> {
    const document = window.activeTextEditor?.document;
    const offered = document === this.document ? this.offered : [];
    let end: number | undefined;
    const listener = workspace.onDidChangeTextDocument((event) => {
      const change = event.contentChanges[0];
      if (event.document === document && change !== undefined) {
        end = change.rangeOffset + change.text.length;
      }
    });
    try {
      await commands.executeCommand(`editor.action.inlineSuggest.acceptNext${part}`);
    } finally {
      listener.dispose();
    }
    const [first] = offered;
    if (document === undefined || end === undefined || first === undefined) {
      return;
    }
    const { line, character } = first.start;
    const text = document
      .getText(new Range(line, character, document.positionAt(end).line, document.positionAt(end).character))
      .replace(/\r\n/g, '\n');
    const accepted = acceptedOf(offered, text);
    if (accepted !== undefined && text.length < accepted.text.length) {
      // All of it is told by the item's own command.
      this.notify('fimble/didPartlyAccept', { id: accepted.id, acceptedLength: text.length });
    }
  }

  private offer(document: TextDocument, context: InlineCompletionContext, result: Result): void {
    const items = Array.isArray(result) ? result : (result?.items ?? []);
    this.document = document;
    this.offered = items.flatMap(offeredOf);
    const [first] = this.offered;
    if (first !== undefined && isShown(document, context, first)) {
      this.notify('fimble/didShow', { id: first.id });
      this.onFirst();
    }
  }
}

/** What fails while one types is in the status; of what the user asked for, he is told. */
async function asked(answer: ProviderResult<Result>, context: InlineCompletionContext): Promise<Result> {
  try {
    return await answer;
  } catch (error) {
    if (context.triggerKind === InlineCompletionTriggerKind.Invoke && !(error instanceof CancellationError)) {
      void tell(error);
    }
    return null;
  }
}

function offeredOf(item: InlineCompletionItem): Offered[] {
  const id: unknown = item.command?.arguments?.[0];
  const { insertText: text, range } = item;
  const isKnown = typeof id === 'string' && typeof text === 'string' && range !== undefined;
  return isKnown ? [{ id, text, start: range.start }] : [];
}

function isShown(document: TextDocument, context: InlineCompletionContext, item: Offered): boolean {
  const selected = context.selectedCompletionInfo;
  if (selected === undefined) {
    return true;
  }
  const before = (line: number, character: number): string =>
    document.getText(new Range(line, 0, line, character));
  const { start } = selected.range;
  return goesOn(
    before(item.start.line, item.start.character) + item.text,
    before(start.line, start.character) + selected.text,
  );
}
