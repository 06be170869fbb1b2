// The page of a desk whose keys are locked, at every address, with the recorder at work and not.
import { open, judge, done, says, url, assert, expectRefusal, ask } from './lib.mjs'

const { page } = await open()
for (const path of ['/', '/calls', '/setup']) {
  expectRefusal()
  const answer = await page.goto(url + path)
  assert.equal(answer.status(), 503)
  await says(() => page.textContent('main'), /The recorder still runs, and calls can still be paused/)
}
await judge(page, 'locked')
await page.keyboard.press('Tab')
await says(() => page.evaluate(() => document.activeElement.textContent), 'Skip to main content')
await ask('hush')
expectRefusal()
await page.focus('a:has-text("try again")')
await page.keyboard.press('Enter')
await page.waitForSelector('p:has-text("The recorder does not answer, and nobody can sign in")')
await judge(page, 'locked-silent')
await page.click('text=Accessibility statement')
await page.waitForSelector('h1:has-text("Accessibility")')
done()
