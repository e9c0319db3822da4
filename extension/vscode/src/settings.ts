/** From the editor's settings to what the server is sent. */

/** Those of the client alone. */
const OWN = 'fimble.server.';

/**
 * The server's settings as one object: `fimble.completion.maxLines` is in `completion.maxLines`.
 * `names` are all settings of the extension, `get` gives the value of one.
 */
export function forServer(names: readonly string[], get: (name: string) => unknown): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const name of names.filter((each) => !each.startsWith(OWN))) {
    const path = name.split('.').slice(1);
    const last = path.pop();
    let section = settings;
    for (const key of path) {
      section = (section[key] ??= {}) as Record<string, unknown>;
    }
    if (last !== undefined) {
      section[last] = get(name);
    }
  }
  return settings;
}

/** What a user calls the engine that these settings have complete; `fim` are the names of the role. */
export function modelName(model: string, remoteUrl: string, remoteModel: string, fim: readonly string[]): string {
  const name = fim[0] ?? (remoteUrl === '' ? 'local' : 'remote');
  if (name !== 'local' && name !== 'remote') {
    return name;
  }
  if (name === 'remote') {
    return remoteModel || hostOf(remoteUrl);
  }
  return (model.split(/[/\\]/).pop() ?? model).replace(/\.gguf$/i, '');
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** A list with `item`, or without it if it was there. */
export function toggled(list: readonly string[], item: string): string[] {
  return list.includes(item) ? list.filter((each) => each !== item) : [...list, item];
}
