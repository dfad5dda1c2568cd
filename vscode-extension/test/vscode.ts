/** Stands in for the editor: as much of its interface as the parts that are tested alone use. */

type Listener = (event: unknown) => void;
const listeners = new Set<Listener>();

export const l10n = {
  t: (text: string, ...values: unknown[]): string =>
    text.replace(/\{(\d+)\}/g, (_, place: string) => String(values[Number(place)])),
};

/** What somebody set, by its whole name; `declared` are defaults of the manifest. */
export const settings = {
  declared: {} as Record<string, unknown>,
  set: {} as Record<string, Record<"globalValue" | "workspaceValue" | "workspaceFolderValue", unknown>>,
};

export const workspace = {
  isTrusted: true,
  onDidChangeTextDocument(listener: Listener) {
    listeners.add(listener);
    return { dispose: () => listeners.delete(listener) };
  },
  getConfiguration(section: string) {
    return {
      ...nested(settings.declared),
      get: (name: string, fallback: unknown) =>
        settings.set[`${section}.${name}`]?.globalValue ?? settings.declared[name] ?? fallback,
      inspect: (name: string) => settings.set[`${section}.${name}`],
    };
  },
};

export const extensions = { getExtension: () => undefined };

export function change(event: unknown): void {
  for (const listener of listeners) listener(event);
}

function nested(flat: Record<string, unknown>): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flat)) {
    const parts = name.split(".");
    const last = parts.pop() ?? name;
    let place = made;
    for (const part of parts) place = (place[part] ??= {}) as Record<string, unknown>;
    place[last] = value;
  }
  return made;
}
