// A reporter of node:test: one line of JSON for each test, with the file it stands in.

export default async function* report(events) {
  for await (const { type, data } of events) {
    const trouble = type === 'test:stderr' && /^.*Error\b.*$/m.exec(data.message);
    if (trouble) yield `${JSON.stringify({ file: data.file, name: data.file, isPassed: false, message: trouble[0] })}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite') continue;
    const cause = data.details?.error?.cause;
    const message = String(cause?.message ?? data.details?.error?.message ?? '').split('\n')[0];
    yield `${JSON.stringify({
      file: data.file, name: data.name, isPassed: type === 'test:pass', message,
    })}\n`;
  }
}
