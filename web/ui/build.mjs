// Builds dist/: one HTML shell per page, hashed assets under dist/assets/. No inline script, so a page's
// Content-Security-Policy can be `script-src 'self'`.
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
// Built beside dist and swapped at the end: a running server never sees half a build.
const dist = join(here, 'dist.tmp');
const final = join(here, 'dist');

/** Shell name -> title before the page knows its event, and the theme it starts in. */
const PAGES = {
  index: { title: 'Plénière' },
  viewer: { title: 'Plénière' },
  replay: { title: 'Rediffusion' },
  moderator: { title: 'Modération' },
  director: { title: 'Régie', theme: 'dark' },
  site: { title: 'Salle', theme: 'dark' },
  stage: { title: 'Scène' },
  denied: { title: 'Lien refusé' },
  notfound: { title: 'Page introuvable' },
};

const entry = (page) => join(here, 'src/pages', page, `${page}.ts`);
const pages = Object.keys(PAGES).filter((page) => existsSync(entry(page)));

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'assets'), { recursive: true });

const result = await build({
  entryPoints: {
    ...Object.fromEntries(pages.map((page) => [page, entry(page)])),
    style: join(here, 'src/styles/style.css'),
  },
  outdir: join(dist, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['chrome100', 'firefox110', 'safari15.4'],
  minify: !process.argv.includes('--dev'),
  sourcemap: process.argv.includes('--dev') ? 'inline' : false,
  legalComments: 'none',
  loader: { '.woff2': 'file', '.svg': 'file' },
  metafile: true,
  logLevel: 'warning',
  tsconfig: join(here, 'tsconfig.json'),
});

// The boot script runs before the first paint (theme, language) and in browsers too old for the rest, hence classic and on its own.
const boot = await build({
  entryPoints: [join(here, 'src/boot.ts')],
  bundle: true,
  format: 'iife',
  target: 'es2015',
  minify: true,
  write: false,
  tsconfig: join(here, 'tsconfig.json'),
});
const bootText = boot.outputFiles[0].text;
const bootName = `boot-${createHash('sha256').update(bootText).digest('hex').slice(0, 8)}.js`;
await writeFile(join(dist, 'assets', bootName), bootText);

const outputs = Object.entries(result.metafile.outputs);
const out = (source) => {
  const found = outputs.find(([, meta]) => meta.entryPoint && join(here, meta.entryPoint) === source);
  if (!found) throw new Error(`no output for ${source}`);
  return found;
};
const name = (path) => `/assets/${basename(path)}`;
const style = name(out(join(here, 'src/styles/style.css'))[0]);
const font = (await readdir(join(dist, 'assets'))).find((file) => /latin-wght-normal.*woff2$/.test(file));
await cp(join(here, 'src/styles/icon.svg'), join(dist, 'assets/icon.svg'));

for (const page of pages) {
  const [file, meta] = out(entry(page));
  const chunks = meta.imports.filter((one) => one.kind === 'import-statement').map((one) => one.path);
  const { title, theme } = PAGES[page];
  await writeFile(join(dist, `${page}.html`), `<!doctype html>
<html lang="fr"${theme ? ` data-default-theme="${theme}"` : ''}>
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="referrer" content="same-origin">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="preload" href="/assets/${font}" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="${style}">
<script src="/assets/${bootName}"></script>
${chunks.map((chunk) => `<link rel="modulepreload" href="${name(chunk)}">\n`).join('')}<script type="module" src="${name(file)}"></script>
</head>
<body>
<pl-${page}></pl-${page}>
<noscript><p class="empty">Cette page demande JavaScript. This page needs JavaScript.</p></noscript>
</body>
</html>
`);
}

const old = join(here, 'dist.old');
await rm(old, { recursive: true, force: true });
if (existsSync(final)) await rename(final, old);
await rename(dist, final);
await rm(old, { recursive: true, force: true });

const { gzipSync } = await import('node:zlib');
const size = async (path) => gzipSync(await readFile(path)).length;
for (const page of pages) {
  const [file, meta] = out(entry(page));
  const all = [file, ...meta.imports.filter((one) => one.kind === 'import-statement').map((one) => one.path)];
  let sum = 0;
  for (const one of all) sum += await size(join(final, 'assets', basename(one)));
  console.log(`${page.padEnd(10)} ${(sum / 1024).toFixed(1)} kB gz`);
}
