/**
 * Diffs in VS Code's own editor. What is no file is a text under `fimble-diff:`.
 *
 * A diff is known by its left side, which is always such a text and its own: the right side may be
 * a file, and that may be shown in several.
 */

import { posix } from 'node:path';
import {
  commands,
  Disposable,
  EventEmitter,
  TabInputTextDiff,
  Uri,
  window,
  workspace,
  type Tab,
  type TextDocumentContentProvider,
} from 'vscode';
import { Trouble } from './trouble';

const SCHEME = 'fimble-diff';

/** By which the buttons of an editor are chosen: `shown` has none. */
export type Kind = 'asked' | 'proposed' | 'shown';

export interface Shown {
  /** Of the file. */
  readonly uri: Uri;
  readonly before: string;
  /** Undefined: the file itself, which can be changed there. */
  readonly after: string | undefined;
  readonly kind: Kind;
  /** What is done to the file, for the tab. */
  readonly words: string;
}

interface Sides {
  readonly left: Uri;
  readonly right: Uri;
}

export class Diffs implements TextDocumentContentProvider, Disposable {
  private readonly texts = new Map<string, string>();
  private readonly closed = new EventEmitter<Uri>();
  /** A diff that no tab shows any more. */
  readonly onDidClose = this.closed.event;
  private readonly moved = new EventEmitter<void>();
  /** Other diffs may be in front. */
  readonly onDidMove = this.moved.event;
  private count = 0;
  private readonly parts = [
    workspace.registerTextDocumentContentProvider(SCHEME, this),
    window.tabGroups.onDidChangeTabs(({ closed }) => {
      closed.forEach((tab) => this.forget(tab));
      this.moved.fire();
    }),
    this.closed,
    this.moved,
  ];

  provideTextDocumentContent(uri: Uri): string | undefined {
    return this.texts.get(uri.toString());
  }

  /** Open a diff; returns its left side. */
  async show({ uri, before, after, kind, words }: Shown): Promise<Uri> {
    const left = this.put('shown', uri, before);
    const right = after === undefined ? uri : this.put(kind, uri, after);
    const title = `${posix.basename(uri.path)} (${words})`;
    await commands.executeCommand('vscode.diff', left, right, title, { preview: false });
    return left;
  }

  async close(left: Uri): Promise<void> {
    await window.tabGroups.close(tabs().filter((tab) => sidesOf(tab)?.left.toString() === left.toString()));
  }

  /** Those in front, that of the group with the focus first. */
  get front(): Sides[] {
    const groups = window.tabGroups.all.toSorted((one, other) => Number(other.isActive) - Number(one.isActive));
    return groups.flatMap(({ activeTab }) => (activeTab && sidesOf(activeTab)) ?? []);
  }

  /** The diff that the user acts in, which VS Code names by its right side. Throws Trouble if it is gone. */
  of(right: Uri): Uri {
    const shown = [...this.front, ...tabs().flatMap((tab) => sidesOf(tab) ?? [])];
    const found = shown.find((sides) => sides.right.toString() === right.toString());
    if (found === undefined) {
      throw new Trouble('This diff is not shown any more.');
    }
    return found.left;
  }

  dispose(): void {
    Disposable.from(...this.parts).dispose();
  }

  private put(kind: Kind, file: Uri, text: string): Uri {
    const query = String(++this.count);
    const path = posix.join('/', file.path); // what has no file yet has no folder
    const uri = Uri.from({ scheme: SCHEME, authority: kind, path, query });
    this.texts.set(uri.toString(), text);
    return uri;
  }

  /** A tab is closed also where it is moved, and then there is another. */
  private forget(tab: Tab): void {
    const sides = sidesOf(tab);
    const isShown = tabs().some((each) => sidesOf(each)?.left.toString() === sides?.left.toString());
    if (sides !== undefined && !isShown) {
      this.texts.delete(sides.left.toString());
      this.texts.delete(sides.right.toString());
      this.closed.fire(sides.left);
    }
  }
}

function tabs(): Tab[] {
  return window.tabGroups.all.flatMap((group) => group.tabs);
}

/** Of a tab that shows a diff of ours. */
function sidesOf({ input }: Tab): Sides | undefined {
  return input instanceof TabInputTextDiff && input.original.scheme === SCHEME
    ? { left: input.original, right: input.modified }
    : undefined;
}
