/** `sigma_core++.zip` as sigma_core: a name that the server takes. */
export function nameFrom(file: string): string {
  return file
    .replace(/\.(zip|tar|tgz|gz|zst|tar\.gz|tar\.zst)$/i, '')
    .replace(/\.tar$/i, '')
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/đ/gi, 'd')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 64);
}
