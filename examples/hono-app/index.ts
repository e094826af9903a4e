/** A Worker of your own with the login mounted under /auth, and routes that know who is calling. */

import { createApp, requireSession } from 'code2session'
import { Hono } from 'hono'

const app = new Hono()

app.route('/auth', createApp())
app.get('/me', requireSession(), (c) => c.json({ you: c.var.session.userId }))

export default app
