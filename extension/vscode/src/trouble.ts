/** What is wrong, in one sentence, and what the user can do about it. */

export interface Remedy {
  /** Words on a button. */
  readonly title: string;
  /** Of a command. */
  readonly command: string;
  readonly argument?: unknown;
}

export class Trouble extends Error {
  constructor(
    sentence: string,
    readonly remedies: readonly Remedy[] = [],
  ) {
    super(sentence);
  }
}

/** The user has stopped it: there is nothing to tell. */
export class Cancelled extends Error {}

export const REMEDIES = {
  install: { title: 'Set Up the Server', command: 'fimble.install' },
  settings: { title: 'Open Settings', command: 'fimble.openSettings', argument: 'fimble.server' },
  output: { title: 'Show Output', command: 'fimble.showOutput' },
  restart: { title: 'Restart', command: 'fimble.restart' },
  model: { title: 'Download a Model', command: 'fimble.setUpModel' },
  folder: { title: 'Open Folder…', command: 'workbench.action.files.openFolder' },
  switchModel: { title: 'Switch Model…', command: 'fimble.switchModel' },
} as const satisfies Record<string, Remedy>;

/** Shows the settings of these names, and no others. */
export function settingsOf(...names: string[]): Remedy & { readonly argument: string } {
  return { ...REMEDIES.settings, argument: `@id:${names.join(',')}` };
}

/** For a model that can't be asked: on this machine, or at an endpoint. */
export function engineRemedies(isRemote: boolean): Remedy[] {
  const endpoint = { ...REMEDIES.settings, argument: 'fimble.remote' };
  return isRemote
    ? [REMEDIES.restart, endpoint, REMEDIES.switchModel]
    : [REMEDIES.model, REMEDIES.switchModel, REMEDIES.output];
}
