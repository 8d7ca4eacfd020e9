// Files made in the browser.

/** "gac-20261123-021807.csv", by the clock of Vietnam: sorts by the moment of the export. */
function fileName(kind: string): string {
  const now = new Date(Date.now() + 7 * 3_600_000).toISOString();
  return `gac-${now.slice(0, 10).replace(/-/g, '')}-${now.slice(11, 19).replace(/:/g, '')}.${kind}`;
}

const kTypes: Record<string, string> = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
  yml: 'application/yaml',
};

/** Lets the browser fetch the file: it goes to the disk as it comes. */
export function saveAddress(path: string) {
  const link = document.createElement('a');
  link.href = path;
  link.download = '';
  link.click();
}

/** Offers the text as a file. A spreadsheet needs a mark in front to read UTF-8. */
export function saveText(text: string, kind: string, name = fileName(kind)) {
  const blob = new Blob([kind === 'csv' ? `\uFEFF${text}` : text], { type: kTypes[kind] ?? '' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
