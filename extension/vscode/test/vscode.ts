/** Stands in for VS Code: as much of it as the tests need, and `scene` to look at it and to move it. */

type Listener<T> = (event: T) => unknown;

export class EventEmitter<T> {
  private listeners: Listener<T>[] = [];
  readonly event = (listener: Listener<T>): Disposable => {
    this.listeners.push(listener);
    return new Disposable(() => (this.listeners = this.listeners.filter((each) => each !== listener)));
  };

  fire(event: T): void {
    this.listeners.forEach((listener) => listener(event));
  }

  dispose(): void {
    this.listeners = [];
  }
}

export class Disposable {
  constructor(readonly dispose: () => unknown) {}

  static from(...parts: Disposable[]): Disposable {
    return new Disposable(() => parts.forEach((part) => part.dispose()));
  }
}

interface Parts {
  readonly scheme: string;
  readonly authority?: string;
  readonly path: string;
  readonly query?: string;
}

export class Uri {
  private constructor(
    readonly scheme: string,
    readonly authority: string,
    readonly path: string,
    readonly query: string,
  ) {}

  static from({ scheme, authority = '', path, query = '' }: Parts): Uri {
    return new Uri(scheme, authority, path, query);
  }

  static file(path: string): Uri {
    return Uri.from({ scheme: 'file', path });
  }

  static parse(text: string): Uri {
    const { protocol, host, pathname, search } = new URL(text);
    return Uri.from({ scheme: protocol.slice(0, -1), authority: host, path: pathname, query: search.slice(1) });
  }

  get fsPath(): string {
    return this.path;
  }

  toString(): string {
    return `${this.scheme}://${this.authority}${this.path}${this.query && `?${this.query}`}`;
  }
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class Range {}

export const env = {};

export class Selection {
  constructor(
    readonly start: Position,
    readonly end: Position,
  ) {}

  get isEmpty(): boolean {
    return this.start.line === this.end.line && this.start.character === this.end.character;
  }
}

export class TabInputTextDiff {
  constructor(
    readonly original: Uri,
    readonly modified: Uri,
  ) {}
}

export class WorkspaceEdit {
  replace(): void {}
}

export class CancellationTokenSource {
  readonly token = {};
}

export const EndOfLine = { LF: 1, CRLF: 2 } as const;

export class Document {
  constructor(
    readonly uri: Uri,
    public text: string,
    public version = 1,
  ) {}

  get eol(): number {
    return this.text.includes('\r\n') ? EndOfLine.CRLF : EndOfLine.LF;
  }

  getText(): string {
    return this.text;
  }

  lineAt(line: number): { readonly text: string } {
    return { text: this.text.split(/\r?\n/)[line] ?? '' };
  }

  offsetAt({ line, character }: Position): number {
    return this.text.split('\n').slice(0, line).join('\n').length + (line > 0 ? 1 : 0) + character;
  }

  positionAt(offset: number): Position {
    const lines = this.text.slice(0, offset).split('\n');
    return new Position(lines.length - 1, lines.at(-1)?.length ?? 0);
  }
}

export interface Tab {
  readonly input: unknown;
  readonly label: string;
  isActive: boolean;
}

interface Moved {
  readonly opened: readonly Tab[];
  readonly closed: readonly Tab[];
  readonly changed: readonly Tab[];
}

class Scene {
  /** Of the editor. */
  open: Document[] = [];
  /** By path, what is on the disk. */
  readonly disk = new Map<string, string>();
  groups: Tab[][] = [[]];
  readonly contexts: Record<string, unknown> = {};
  /** Edits that were made; how, a test says. */
  readonly applied: unknown[] = [];
  apply: (edit: unknown) => boolean = () => true;
  /** Sentences that were shown, and the button that is pressed in the next. */
  readonly told: string[] = [];
  answer: string | undefined;
  activeEditor: unknown;
  selection: Selection | undefined;
  readonly tabs = new EventEmitter<Moved>();
  texts: { provideTextDocumentContent(uri: Uri): string | undefined } | undefined;

  clear(): void {
    Object.assign(this, { open: [], groups: [[]], answer: undefined, activeEditor: undefined });
    this.disk.clear();
    this.applied.length = 0;
    this.told.length = 0;
    this.apply = () => true;
  }

  /** The tab that has the focus. */
  get active(): Tab | undefined {
    return this.groups[0]?.find((tab) => tab.isActive);
  }

  show(tab: Tab): void {
    const [group = []] = this.groups;
    group.forEach((each) => (each.isActive = false));
    tab.isActive = true;
    this.groups[0] = [...group.filter((each) => each !== tab), tab];
    this.tabs.fire({ opened: group.includes(tab) ? [] : [tab], closed: [], changed: [tab] });
  }

  close(tab: Tab): void {
    this.groups = this.groups.map((group) => group.filter((each) => each !== tab));
    const next = this.groups[0]?.at(-1);
    if (tab.isActive && next !== undefined) {
      next.isActive = true;
    }
    this.tabs.fire({ opened: [], closed: [tab], changed: [] });
  }

  /** Into a group of its own, as Move Editor does. */
  move(tab: Tab): void {
    const moved = { ...tab };
    this.groups.push([moved]);
    this.close(tab);
  }

  /** The text of a side of a diff. */
  text(uri: Uri): string | undefined {
    return this.texts?.provideTextDocumentContent(uri);
  }

  sides(tab = this.active): { readonly left: Uri; readonly right: Uri } {
    if (!(tab?.input instanceof TabInputTextDiff)) {
      throw new Error('no diff is shown');
    }
    return { left: tab.input.original, right: tab.input.modified };
  }
}

export const scene = new Scene();

export const workspace = {
  get textDocuments(): Document[] {
    return scene.open;
  },
  registerTextDocumentContentProvider: (_scheme: string, texts: Scene['texts']): Disposable => {
    scene.texts = texts;
    return new Disposable(() => undefined);
  },
  applyEdit: (edit: unknown): Promise<boolean> => {
    scene.applied.push(edit);
    return Promise.resolve(scene.apply(edit));
  },
  openTextDocument: (uri: Uri): Promise<Document> => {
    const open = scene.open.find((each) => each.uri.toString() === uri.toString());
    const text = scene.disk.get(uri.path);
    if (open === undefined && text === undefined) {
      return Promise.reject(new Error(`cannot open ${uri.toString()}`));
    }
    const document = open ?? new Document(uri, text ?? '');
    scene.open = [...scene.open.filter((each) => each !== document), document];
    return Promise.resolve(document);
  },
};

export const window = {
  get activeTextEditor(): unknown {
    return scene.activeEditor;
  },
  visibleTextEditors: [],
  tabGroups: {
    onDidChangeTabs: scene.tabs.event,
    get all(): { readonly tabs: readonly Tab[]; readonly activeTab: Tab | undefined; readonly isActive: boolean }[] {
      return scene.groups.map((tabs, at) => ({
        tabs,
        activeTab: tabs.find((tab) => tab.isActive),
        isActive: at === 0,
      }));
    },
    close: (tabs: readonly Tab[]): Promise<void> => {
      tabs.forEach((tab) => scene.close(tab));
      return Promise.resolve();
    },
  },
  showTextDocument: (_document: Document, options: { selection?: Selection }): Promise<void> => {
    scene.selection = options.selection;
    return Promise.resolve();
  },
  ...Object.fromEntries(
    ['showErrorMessage', 'showWarningMessage', 'showInformationMessage'].map((name) => [
      name,
      (sentence: string): Promise<string | undefined> => {
        scene.told.push(sentence);
        return Promise.resolve(scene.answer);
      },
    ]),
  ),
};

const registered = new Map<string, (...args: unknown[]) => unknown>();

export const commands = {
  registerCommand: (name: string, work: (...args: unknown[]) => unknown): Disposable => {
    registered.set(name, work);
    return new Disposable(() => registered.delete(name));
  },
  executeCommand: (name: string, ...args: unknown[]): Promise<unknown> => {
    if (name === 'vscode.diff') {
      const [left, right, label] = args as [Uri, Uri, string];
      scene.show({ input: new TabInputTextDiff(left, right), label, isActive: true });
    } else if (name === 'setContext') {
      scene.contexts[String(args[0])] = args[1];
    }
    return Promise.resolve(registered.get(name)?.(...args));
  },
};
