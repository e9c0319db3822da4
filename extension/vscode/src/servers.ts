/** Model servers on this machine, as the server's `fimble/discover` tells of them. */

export interface ModelServer {
  /** For `fimble.remote.url`. */
  readonly url: string;
  /** What it is called. */
  readonly title: string;
  /** For `fimble.remote.dialect`. */
  readonly dialect: string;
  readonly models: readonly ServedModel[];
}

export interface ServedModel {
  /** For `fimble.remote.model`. */
  readonly name: string;
  /** As far as that is known. */
  readonly fillsGaps: boolean;
}

/** A model, and the server that has it. */
export interface Served {
  readonly server: ModelServer;
  readonly model: ServedModel;
}

/** All models of all servers; first those that fill gaps. */
export function served(servers: readonly ModelServer[]): Served[] {
  const all = servers.flatMap((server) => server.models.map((model) => ({ server, model })));
  return [...all.filter((each) => each.model.fillsGaps), ...all.filter((each) => !each.model.fillsGaps)];
}

/** The one to propose: the only one that fills gaps, else the only one; undefined: let the user choose. */
export function proposed(all: readonly Served[]): Served | undefined {
  const fitting = all.filter((each) => each.model.fillsGaps);
  const among = fitting.length > 0 ? fitting : all;
  return among.length === 1 ? among[0] : undefined;
}

/** How they are proposed beside another model: a sentence, and a button; its dots say that a choice follows. */
export function offered(all: readonly Served[]): { sentence: string; button: string } {
  const one = proposed(all);
  const titles = [...new Set(all.map((each) => each.server.title))];
  const sentence = `Or use ${one?.model.name ?? 'a model'} from ${one?.server.title ?? titles.join(' or ')}, on this machine.`;
  if (one !== undefined) {
    return { sentence, button: `Use ${one.server.title}` };
  }
  return { sentence, button: titles.length === 1 ? `Use ${titles.join('')}…` : 'Use a Server…' };
}

/** Values of all settings under `fimble.remote` that belong to an endpoint; undefined: the default. */
export function remoteSettings({ server, model }: Served): Record<string, string | undefined> {
  return {
    // What is there is for another endpoint; its key is none of this one's business. In this order: other
    // windows hear of each change at once.
    apiKey: undefined,
    headers: undefined,
    caFile: undefined,
    proxy: undefined,
    template: undefined,
    dialect: server.dialect,
    model: model.name,
    url: server.url,
  };
}

/** How it is shown in a list. */
export function described({ server, model }: Served): { label: string; description: string; detail: string } {
  return {
    label: model.name,
    description: server.title,
    detail: model.fillsGaps ? server.url : `${server.url} · It may only chat: it is not known to fill gaps.`,
  };
}
