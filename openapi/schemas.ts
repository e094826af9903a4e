/** What the JSON Schemas of both APIs are made of. */

import { WHAT_TO_DO } from './texts'

export const text = { type: 'string' } as const
export const nonEmpty = { ...text, minLength: 1 } as const
export const time = { ...text, format: 'date-time' } as const

export const textUpTo = (maxLength: number) => ({ ...nonEmpty, maxLength })

export const object = (
  properties: object,
  required: readonly string[] = Object.keys(properties),
) => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
})

const whatToDo = Object.fromEntries(Object.entries(WHAT_TO_DO).map(([key, { en }]) => [key, en]))

/** A problem document whose `code` is one of these. */
export const problem = (codes: readonly string[]) =>
  object(
    {
      type: { ...text, format: 'uri' },
      title: text,
      status: { type: 'integer', description: 'The HTTP status.' },
      code: { ...text, enum: codes, description: 'Write your code against this.' },
      detail: { ...text, description: 'What happened, for a person.' },
      action: {
        ...text,
        enum: Object.keys(WHAT_TO_DO),
        description: 'What to do next.',
        'x-enumDescriptions': whatToDo,
      },
      errcode: { type: 'integer', description: "WeChat's error code, if WeChat refused." },
      errors: {
        type: 'array',
        description: 'What is wrong with the request, without its values.',
        items: object({
          path: { ...text, description: 'The field, as a dotted path.' },
          message: text,
        }),
      },
      error: {
        ...text,
        enum: ['invalid_client', 'invalid_request'],
        description: 'From `/introspect` and `/revoke`: the code of RFC 6749, for OAuth clients.',
      },
    },
    ['type', 'title', 'status', 'code', 'detail', 'action'],
  )

export const Health = object({ status: { ...text, const: 'ok' } })
