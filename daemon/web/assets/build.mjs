// Builds the pages' style sheet and script into ../dist. Names are fixed, so that two builds
// can be compared; the server adds a hash of the contents to the addresses.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import * as esbuild from 'esbuild'
import * as sass from 'sass'

const here = path.dirname(fileURLToPath(import.meta.url))
const dist = path.join(here, '..', 'dist')
await mkdir(dist, { recursive: true })

const css = sass.compile(path.join(here, 'src', 'app.scss'), {
  style: 'compressed',
  loadPaths: [path.join(here, 'node_modules')],
  quietDeps: true,
})
// Not a GOV.UK service: neither its typeface nor its crown may be served.
for (const banned of ['GDS Transport', '@font-face', 'crown']) {
  if (css.css.includes(banned)) throw new Error(`app.css must not contain "${banned}"`)
}
await writeFile(path.join(dist, 'app.css'), css.css)

await esbuild.build({
  entryPoints: [path.join(here, 'src', 'app.mjs')],
  outfile: path.join(dist, 'app.js'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['es2020'],
  legalComments: 'none',
  logLevel: 'warning',
})

await copyFile(path.join(here, 'src', 'icon.svg'), path.join(dist, 'icon.svg'))

// The notices that go with the code of others inside the two files.
const notices = []
for (const [name, holder] of [
  ['govuk-frontend', 'Crown Copyright (Government Digital Service)'],
  ['wavesurfer.js', 'katspaugh and contributors'],
]) {
  const root = path.join(here, 'node_modules', name)
  const { version, license } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  const text = await readFile(path.join(root, 'LICENSE'), 'utf8')
    .catch(() => readFile(path.join(here, 'src', `licence-${license}.txt`), 'utf8'))
  notices.push(`${name} ${version}, ${license}, copyright ${holder}\n\n${text}`)
}
await writeFile(path.join(dist, 'licences.txt'), notices.join('\n'))
