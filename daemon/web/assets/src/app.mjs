// What the pages do where there is JavaScript. Each works without.
import {
  createAll, Button, Checkboxes, ErrorSummary, PasswordInput, Radios, ServiceNavigation, SkipLink,
} from 'govuk-frontend'
import { watchLines } from './lines.mjs'
import { watchCalls } from './calls.mjs'
import { watchLineTest } from './linetest.mjs'
import { makePlayer } from './player.mjs'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
for (const component of [Button, Checkboxes, ErrorSummary, PasswordInput, Radios, ServiceNavigation, SkipLink]) {
  createAll(component)
}

const begin = (selector, how) => {
  const element = document.querySelector(selector)
  if (element) how(element)
}
begin('[data-watch="lines"]', watchLines)
begin('[data-watch="calls"]', watchCalls)
begin('[data-watch="linetest"]', watchLineTest)
begin('[data-peaks]', makePlayer)
