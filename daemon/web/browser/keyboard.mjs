// The same by keyboard alone: no click, no script but the pages' own.
import { open, done, says, url, assert } from './lib.mjs'

const { page } = await open()
const focused = () => page.evaluate(() => {
  const e = document.activeElement
  const box = e.getBoundingClientRect()
  const style = getComputedStyle(e)
  return {
    text: (e.getAttribute('aria-label') ?? e.textContent ?? '').trim().replace(/\s+/g, ' '),
    id: e.id, tag: e.tagName, shown: box.width > 0 && box.height > 0,
    marked: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
  }
})

// tabTo presses Tab until the place wanted has the focus, and checks that focus can be seen on the way.
async function tabTo(wanted, most = 60) {
  const seen = []
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab')
    const at = await focused()
    seen.push(at.id || at.text.slice(0, 30))
    if (at.tag !== 'BODY') assert.ok(at.shown, `the focus is somewhere that cannot be seen: ${JSON.stringify(at)}`)
    if (!['BODY', 'AUDIO', 'INPUT', 'SELECT'].includes(at.tag)) assert.ok(at.marked, `focus is not marked: ${JSON.stringify(at)}`)
    if (wanted(at)) return at
  }
  assert.fail(`not reached by Tab: ${wanted}; went over ${seen.join(', ')}`)
}
const id = (i) => (at) => at.id === i
const text = (t) => (at) => at.text.startsWith(t)

await page.goto(`${url}/sign-in`)
await page.keyboard.press('Tab')
await says(async () => (await focused()).text, 'Skip to main content')
await page.keyboard.press('Enter')
await page.waitForFunction(() => window.location.hash !== '')
await tabTo(id('name'), 2)
await page.keyboard.type('Asha Patel')
await tabTo(id('password'), 1)
await page.keyboard.type(process.env.LINEVAULT_PASSWORD)
await page.keyboard.press('Enter')
await page.waitForURL('**/calls')

await tabTo(id('number'))
await page.keyboard.type('79460123')
await page.keyboard.press('Enter')
await page.waitForURL('**number=79460123**')
await tabTo((at) => at.tag === 'A' && /call on Parking/.test(at.text))
await page.keyboard.press('Enter')
await page.waitForURL('**/calls/0*')
await tabTo(id('purpose'))
await page.keyboard.press('Space')
await page.keyboard.press('ArrowDown')
await tabTo(id('reference'), 1)
await tabTo(text('Listen'), 1)
await page.keyboard.press('Enter')
await page.waitForURL('**permit=**')
await page.waitForFunction(() => document.querySelector('audio').readyState >= 1)
await tabTo((at) => at.tag === 'AUDIO')
await page.keyboard.press('Space')
await page.waitForFunction(() => !document.querySelector('audio').paused && document.querySelector('audio').currentTime > 0.3)
await tabTo(text('Forward 10 seconds'), 8)
await page.keyboard.press('Enter')
await page.waitForFunction(() => document.querySelector('audio').currentTime > 10)
await tabTo(id('speed'), 1)
await page.keyboard.press('ArrowDown')
await page.waitForFunction(() => document.querySelector('audio').playbackRate === 1.25)
await tabTo(text('Go to 0:18'), 2)
await page.keyboard.press('Enter')
await page.waitForFunction(() => document.querySelector('audio').currentTime >= 18)
await tabTo(text('Download as WAV'), 2)
const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
assert.match(file.suggestedFilename(), /\.wav$/)
await page.goto(`${url}/lines`)
await tabTo(text('Sign out'))
await page.keyboard.press('Enter')
await page.waitForURL('**/sign-in?out')
done()
