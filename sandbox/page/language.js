/** The texts of the page, in the first of the browser's languages that there are texts for. */

import { en } from './texts/en.js'
import { zhCN } from './texts/zh-CN.js'

const LANGUAGES = { en, zh: zhCN }

export const texts = chooseTexts(navigator.languages)

function chooseTexts(tags) {
  const known = tags.map((tag) => tag.toLowerCase().split('-')[0])
  return LANGUAGES[known.find((language) => Object.hasOwn(LANGUAGES, language))] ?? en
}

/** Fills the elements of index.html that name a text: `data-text="intro"`. */
export function fillTexts() {
  document.documentElement.lang = texts.language
  document.title = texts.page.title
  for (const element of document.querySelectorAll('[data-text]')) {
    element.textContent = texts.page[element.dataset.text]
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', texts.page[element.dataset.label])
  }
}
