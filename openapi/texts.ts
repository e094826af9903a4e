/** What the documents of both APIs say, in English and Chinese. */

import type { Action } from '../src/core/error-row'

export type Language = 'en' | 'zh'

/** Sentences in Markdown. */
export type Text = Readonly<Record<Language, string>>

/** What to do on each action. */
export const WHAT_TO_DO: Readonly<Record<Action, Text>> = {
  login_again: {
    en: 'Call `wx.login`, then `/login`. For open data, fetch the data again after that.',
    zh: '调用 `wx.login`，再调用 `/login`。如果是开放数据，之后再重新获取数据。',
  },
  retry_later: {
    en: 'Repeat the same request after the number of seconds in `Retry-After`.',
    zh: '等待 `Retry-After` 给出的秒数，再发送同样的请求。',
  },
  fix_request: {
    en: 'The request is wrong. Repeating it cannot help.',
    zh: '请求有误，重试也没有用。',
  },
  stop: {
    en: 'Nothing that the caller does will help.',
    zh: '调用方做什么都没有用。',
  },
}

/**
 * A text of the source as a sentence in both languages.
 *
 * @param chinese The Chinese of each text
 * @throws {Error} without a Chinese one, which stops `npm run docs`
 */
export function toSentence(text: string, chinese: Readonly<Record<string, string>>): Text {
  const zh = chinese[text]
  if (zh === undefined) throw new Error(`there is no Chinese for: ${text}`)
  const en = text.charAt(0).toUpperCase() + text.slice(1)
  return { en: en.endsWith('.') ? en : `${en}.`, zh: zh.endsWith('。') ? zh : `${zh}。` }
}
