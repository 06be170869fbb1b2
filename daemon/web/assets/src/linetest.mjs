// The page of a line test keeps itself up to date: when the box has seen something, the page is read
// again and what changed is put in its place. What is being typed stays.
export function watchLineTest(place) {
  const note = document.querySelector('[data-test-note]')
  const stream = new EventSource(place.dataset.stream)
  let version = Number(place.dataset.version)
  let now = { version }
  let reading = false
  // One page at a time, so that a late answer does not take the place of a newer one.
  stream.addEventListener('test', async (event) => {
    now = JSON.parse(event.data)
    if (reading) return
    reading = true
    try {
      while (now.version !== version) await read()
    } finally {
      reading = false
    }
  })
  async function read() {
    const { words } = now
    version = now.version
    let fresh
    try {
      fresh = await (await fetch(window.location.pathname)).text()
    } catch {
      return // the next change tries again
    }
    // Only what is in main: the page's head has styles, which would be judged by this page's policy.
    const page = new DOMParser().parseFromString(fresh.slice(fresh.indexOf('<main'), fresh.indexOf('</main>')), 'text/html')
    if (!page.querySelector('[data-watch="linetest"]')) {
      window.location.assign(window.location.pathname)
      return
    }
    put(page, place, '[data-test-steps]', () => true)
    put(page, place, '[data-test-do]', (old, next) => old.dataset.testDo !== next.dataset.testDo)
    if (note.textContent !== words) note.textContent = words
  }
  stream.addEventListener('bye', () => {
    stream.close()
    note.textContent = 'You have been signed out. Sign in again to go on with the test.'
  })
}

function put(page, place, selector, differs) {
  const old = place.querySelector(selector)
  const next = page.querySelector(selector)
  if (!old || !next || !differs(old, next)) return
  const focused = old.contains(document.activeElement)
  old.replaceWith(document.importNode(next, true))
  if (!focused) return
  const heading = place.querySelector(`${selector} h2`)
  if (heading) {
    heading.tabIndex = -1
    heading.focus()
  }
}
