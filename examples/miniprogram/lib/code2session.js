"use strict";

// src/client/fields.ts
/** Reads values whose shape nobody has checked: from `wx`, from storage, from a server. */
/** The fields of an object; none for any other value, so that reading a field never throws. */
function readFields(value) {
	return typeof value === "object" && value !== null ? value : {};
}

// src/client/origin.ts
/** Origins of URLs, by regular expressions: a mini program has no `URL` class. */
/** Scheme, host and port of an http or https URL, without a default port; null for other texts. */
function parseOrigin(url) {
	const match = /^(https?):\/\/[^/?#]+/i.exec(url);
	if (!match) return null;
	const origin = match[0].toLowerCase();
	return origin.replace(origin[4] === "s" ? /:443$/ : /:80$/, "");
}

// src/client/error.ts
/**
* A failure, with the server's `code` and `action` or a {@link ClientErrorCode} of the client.
*
* @example
* ```ts
* try {
*   await client.login()
* } catch (error) {
*   if (!(error instanceof Code2SessionError)) throw error
*   if (error.action === 'retry_later') showRetryButton(error.retryAfter)
*   else console.error(error.code, error.message)
* }
* ```
*/
var Code2SessionError = class extends Error {
	constructor(code, action, { detail, ...details } = {}) {
		super(detail || details.errMsg || code);
		Object.assign(this, details, {
			name: "Code2SessionError",
			code,
			action
		});
	}
};
/** The error of a failure of `wx`, with the advice about it, or else with this action. */
function toError(failure, code, action, advice = []) {
	if (failure instanceof Code2SessionError) return failure;
	const { errMsg: said, errno, errCode, message } = readFields(failure);
	const errMsg = String(said || message || "fail");
	const text = `${errno} ${errCode} ${errMsg}`;
	const [, detail, advised = "fix_request"] = advice.find(([pattern]) => pattern.test(text)) || [];
	const details = {
		detail,
		errMsg,
		...typeof errno === "number" && { errno }
	};
	return new Code2SessionError(code, detail ? advised : action, details);
}
/** A `wx` function failed, or the user refused. Repeating the call would not help. */
const wxFailed = (failure) => toError(failure, "wx_failed", "stop");
/** `wx.login` failed. */
const loginFailed = (failure) => toError(failure, "wx_login_failed", "retry_later");
/** For a request to this URL: `wx.request` failed. Some failures do not pass by themselves. */
const networkFailed = (url) => (failure) => {
	const origin = parseOrigin(url);
	return toError(failure, "network_error", "retry_later", [
		[/^600002|domain list|合法域名/, `Add ${origin} to the request domains (request 合法域名) of the mini program`],
		[/^600009|invalid.url/i, "WeChat does not accept the URL: check baseUrl and url"],
		[/ssl|tls|cert|证书/i, `WeChat does not accept the certificate of ${origin}: it takes TLS 1.2 and later, and a whole chain`]
	]);
};

// src/client/wx.ts
/**
* The part of `wx` that the client uses. Anything of this shape will do: the `wx` of WeChat, of a
* mini game, of Taro or uni-app, or of a test.
*/
/**
* Calls a function of `wx` and returns its result as a promise. The function may fail by calling
* `fail`, by throwing, by returning a promise that rejects, or by not existing, as in mini games.
*
* @param onReturn gets what the function returned, and may resolve the promise before `success`.
*/
function callWx(wx, name, options, toError, onReturn) {
	return new Promise((resolve, reject) => {
		const fail = (failure) => reject(toError(failure));
		try {
			const call = wx[name];
			if (!isFunction(call)) throw new Error(`${name}:fail wx.${name} does not exist here`);
			const returned = call.call(wx, {
				...options,
				success: resolve,
				fail
			});
			if (onReturn) onReturn(returned, resolve);
			if (isPromise(returned)) returned.then(resolve, fail);
		} catch (error) {
			fail(error);
		}
	});
}
function isFunction(value) {
	return typeof value === "function";
}
function isPromise(value) {
	return isFunction(readFields(value).then);
}
/** Rejects with `toError()` if a promise has not settled after so many milliseconds. */
function withTimeout(milliseconds, promise, toError) {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(toError()), milliseconds);
		const clear = () => clearTimeout(timer);
		promise.then(clear, clear);
		promise.then(resolve, reject);
	});
}

// src/client/send.ts
/** The longest `Retry-After` that the client waits for; the user watches a spinner meanwhile. */
const LONGEST_WAIT_SECONDS = 5;
/** Sends a request. Any HTTP status is an answer. */
function send(wx, options) {
	return callWx(wx, "request", options, networkFailed(options.url));
}
/**
* Sends a request that holds a code or a token. It does not follow redirects, which could carry
* those to another host: a redirect is an answer like any other.
*/
function sendCredentials(wx, options, token) {
	const header = { ...options.header };
	for (const name of Object.keys(header)) if (name.toLowerCase() === "authorization") delete header[name];
	if (token) header.Authorization = `Bearer ${token}`;
	const secured = {
		...options,
		header,
		redirect: "manual"
	};
	return callWx(wx, "request", secured, networkFailed(options.url), onRedirect);
}
/** {@link sendCredentials} to the server itself. Rejects with the failure in its answer. */
async function sendToServer(...[wx, options, token]) {
	return requireSuccess(parseAnswer(await sendCredentials(wx, options, token)));
}
/**
* An answer of the server, parsed where `wx` has left it as text. Some phones do so if a text in it
* holds a raw U+2028.
*/
function parseAnswer(response) {
	const { data } = response;
	if (typeof data !== "string") return response;
	try {
		return {
			...response,
			data: JSON.parse(data)
		};
	} catch (_) {
		return response;
	}
}
/** WeChat ends a request at a redirect, and is documented to call only `onHeadersReceived` then. */
function onRedirect(task, receive) {
	if (!isRequestTask(task)) return;
	task.onHeadersReceived(({ statusCode, header }) => {
		if (statusCode >= 300 && statusCode < 400) receive({
			statusCode,
			data: "",
			header
		});
		if (!statusCode && findHeader(header, "location")) setTimeout(() => receive({
			statusCode: 302,
			data: "",
			header
		}), BODY_MILLISECONDS);
	});
}
/** How long a body may take after its headers, in milliseconds, before they count as a redirect. */
const BODY_MILLISECONDS = 1e3;
function isRequestTask(task) {
	return typeof readFields(task).onHeadersReceived === "function";
}
/** The failure in an answer of the server; null for a success. */
function findFailure({ statusCode, data, header }) {
	if (statusCode === 204 || statusCode === 200 && typeof data === "object" && data !== null) return null;
	if (isProblem(data)) {
		const { code, action, detail, errcode, errors } = data;
		const retryAfter = Number(findHeader(header, "retry-after")) || void 0;
		return new Code2SessionError(code, action, {
			statusCode,
			detail,
			errcode,
			errors,
			retryAfter
		});
	}
	return new Code2SessionError("answer_invalid", statusCode >= 500 ? "retry_later" : "stop", { statusCode });
}
/** An answer of the server that is a success. @throws {Code2SessionError} */
function requireSuccess(response) {
	const failure = findFailure(response);
	if (failure) throw failure;
	return response;
}
function isProblem(data) {
	const { code, action } = readFields(data);
	return typeof code === "string" && typeof action === "string";
}
/** Waits for as long as the server asks. Rejects with the error if the server asks for too long. */
async function waitToRetry(error) {
	const { action, retryAfter } = readFields(error);
	const seconds = Number(retryAfter);
	if (action !== "retry_later" || !(seconds <= LONGEST_WAIT_SECONDS)) throw error;
	await new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
}
/** WeChat keeps the spelling of header names, which depends on the server and the HTTP version. */
function findHeader(header, name) {
	const fields = readFields(header);
	const found = Object.keys(fields).find((key) => key.toLowerCase() === name);
	return found && fields[found];
}

// src/client/access-token.ts
/** JWT access tokens, which `hosts` get in place of the session's token. They are in memory only. */
/** How many seconds before its end a JWT access token is renewed, unless half of its time is less. */
const MARGIN_SECONDS = 30;
function createAccessTokens(wx, { baseUrl }, login) {
	let held = null;
	let pending = null;
	/** The JWT access token of a session. Calls at the same time share one request. */
	async function find(sessionToken) {
		if ((held === null || held === void 0 ? void 0 : held.sessionToken) === sessionToken && Date.now() < held.renewAt) return held.accessToken;
		if ((pending === null || pending === void 0 ? void 0 : pending.sessionToken) !== sessionToken) {
			const asked = {
				sessionToken,
				answer: ask(sessionToken)
			};
			const done = () => {
				if (pending === asked) pending = null;
			};
			asked.answer.then(done, done);
			pending = asked;
		}
		return pending.answer;
	}
	async function ask(sessionToken) {
		var _login$current;
		const options = {
			url: `${baseUrl}/session/access-token`,
			method: "POST"
		};
		const { data, statusCode } = await sendToServer(wx, options, sessionToken);
		const { accessToken, expiresIn } = readFields(data);
		if (typeof accessToken !== "string") throw new Code2SessionError("answer_invalid", "stop", { statusCode });
		if (((_login$current = login.current()) === null || _login$current === void 0 ? void 0 : _login$current.token) !== sessionToken) throw new Code2SessionError("session_invalid", "login_again", { statusCode: 401 });
		const seconds = Number(expiresIn);
		held = {
			sessionToken,
			accessToken,
			renewAt: Date.now() + Math.max(seconds - MARGIN_SECONDS, seconds / 2) * 1e3
		};
		return accessToken;
	}
	return {
		/** Of the session that there is, or of a new one if the request may log in. */
		token: async (mayLogIn) => {
			const logouts = login.logouts();
			const sessionToken = await login.token(mayLogIn);
			if (!sessionToken) return void 0;
			try {
				return await find(sessionToken);
			} catch (error) {
				if (readFields(error).statusCode !== 401) throw error;
				login.forget(sessionToken);
				if (mayLogIn && login.logouts() !== logouts) throw error;
				const newToken = await login.token(mayLogIn);
				return newToken && find(newToken);
			}
		},
		/** Forgets a JWT access token that a host has refused. A newer one stays. */
		forget: (accessToken) => {
			if ((held === null || held === void 0 ? void 0 : held.accessToken) === accessToken) held = null;
		}
	};
}

// src/client/authorize.ts
/** Asks the user for a scope: the three steps that WeChat documents, in one call. */
async function authorize(wx, scope) {
	const decision = findDecision(await callWx(wx, "getSetting", {}, wxFailed), scope);
	if (decision === void 0) return askUser(wx, scope);
	return decision ? "granted" : openSettings(wx, scope);
}
async function askUser(wx, scope) {
	try {
		await callWx(wx, "authorize", { scope }, wxFailed);
		return "granted";
	} catch (error) {
		if (isDenial(error)) return "denied";
		throw error;
	}
}
async function openSettings(wx, scope) {
	try {
		return findDecision(await callWx(wx, "openSetting", {}, wxFailed), scope) ? "granted" : "denied";
	} catch (_) {
		return "needs-settings";
	}
}
/** What the user decided about a scope; undefined if the user has never been asked. */
function findDecision(setting, scope) {
	return readFields(readFields(setting).authSetting)[scope];
}
/** WeChat also rejects when it asked nobody, as for a scope that the privacy guideline lacks. */
function isDenial(error) {
	const { errno, message } = readFields(error);
	return errno === 103 || errno === 104 || /den(y|ied)|cancel/.test(String(message));
}

// src/client/cloud.ts
/**
* WeChat Cloud Hosting: requests for the server go over `wx.cloud.callContainer`, which needs no
* domain.
*
* @see https://developers.weixin.qq.com/miniprogram/dev/wxcloudservice/wxcloudrun/src/development/call/mini.html
*/
/** Stands for the service in URLs. The name resolves nowhere (RFC 6761). */
const CLOUD_BASE = "https://cloud.invalid";
/** What a failure of `callContainer` that lasts wants from the developer. */
const FAULTS = [
	[/\b102005\b/, "Cloud Hosting takes GET, POST, PUT and DELETE only."],
	[/-501000/, "Check env, service and the path: this mini program may not call them."],
	[/-606001/, "Cloud Hosting takes requests of at most 100 KB. Send less."],
	[/-606003/, "The environment of Cloud Hosting is overdue. Pay for it in the console."]
];
/** The same `wx`; with options, its `request` sends what is for the service over `callContainer`. */
function overCloud(wx, options) {
	if (!options) return wx;
	const { env, service } = options;
	let hasInit = false;
	return Object.assign(Object.create(wx), { request(options) {
		if (options.url.indexOf(`${"https://cloud.invalid"}/`) !== 0) return wx.request(options);
		const { cloud } = wx;
		if (!cloud) throw new Error("cloud:fail wx.cloud does not exist here");
		if (!hasInit) cloud.init({ env });
		hasInit = true;
		const { url, header, ...rest } = options;
		return cloud.callContainer({
			...rest,
			config: { env },
			path: url.slice(21),
			header: {
				...header,
				"X-WX-SERVICE": service
			},
			fail: (failure) => options.fail(toFailure(failure))
		});
	} });
}
/** The error of a failure that is Cloud Hosting's own; any other failure is as one of `wx.request`. */
function toFailure(failure) {
	const error = toError(failure, "wx_failed", "stop", FAULTS);
	return error.action === "stop" ? failure : error;
}

// src/client/session-store.ts
/** The session on the phone, in memory and in `wx` storage. */
function createSessionStore(wx, key) {
	/** Undefined until storage has been read. */
	let stored;
	function load() {
		try {
			return parseSession(wx.getStorageSync(key));
		} catch (_) {
			return null;
		}
	}
	function save(session) {
		stored = session;
		try {
			if (session) wx.setStorageSync(key, session);
			else wx.removeStorageSync(key);
		} catch (_) {}
	}
	return {
		save,
		/** The session, or null if there is none or it has expired. */
		current: () => {
			if (stored === void 0) stored = load();
			return stored && Date.now() < stored.expiresAt ? stored : null;
		},
		/** Removes the session with this token. A newer session stays. */
		forget: (token) => {
			if (stored && stored.token === token) save(null);
		}
	};
}
/** The session in a value; null if a field is missing, or `expiresAt` is not a number. */
function parseSession(value) {
	const { token, userId, expiresAt } = readFields(value);
	return typeof token === "string" && typeof userId === "string" && typeof expiresAt === "number" && expiresAt > 0 ? {
		token,
		userId,
		expiresAt
	} : null;
}

// src/client/login.ts
/** Logs in: `wx.login`, then `POST /login`, one login at a time. */
function createLogin(wx, settings) {
	const { baseUrl, appid, storageKey = "code2session", loginTimeout = 1e4 } = settings;
	const store = createSessionStore(wx, storageKey);
	let pendingLogin = null;
	let logouts = 0;
	function login() {
		if (!pendingLogin) {
			const done = () => {
				pendingLogin = null;
			};
			pendingLogin = loginWithRetry();
			pendingLogin.then(done, done);
		}
		return pendingLogin;
	}
	async function loginWithRetry() {
		try {
			return await loginOnce();
		} catch (error) {
			if (!(readFields(error).action === "login_again")) await waitToRetry(error);
			return loginOnce();
		}
	}
	/** A code is valid once, so each attempt asks for its own. */
	async function loginOnce() {
		const code = await requestCode();
		const old = store.current();
		const url = `${baseUrl}/login`;
		const response = await sendToServer(wx, {
			url,
			method: "POST",
			data: appid ? {
				code,
				appid
			} : { code }
		}, old === null || old === void 0 ? void 0 : old.token);
		const answer = readFields(response.data);
		const expiresAt = Date.now() + Number(answer.expiresIn) * 1e3;
		const session = parseSession({
			...answer,
			expiresAt
		});
		if (!session) throw new Code2SessionError("answer_invalid", "stop", { statusCode: response.statusCode });
		store.save(session);
		return session;
	}
	async function requestCode() {
		const pendingCode = callWx(wx, "login", {}, loginFailed);
		const toError = () => loginFailed({ errMsg: "login:fail timeout" });
		const { code } = readFields(await withTimeout(loginTimeout, pendingCode, toError));
		if (typeof code !== "string" || !code) throw loginFailed({ errMsg: "login:fail no code" });
		return code;
	}
	/** The current session, the one of a pending login, or a new one. */
	async function session() {
		return !pendingLogin && store.current() || login();
	}
	return {
		login,
		session,
		current: store.current,
		forget: store.forget,
		/** The token of the session; of one that there is already, unless the request may log in. */
		token: async (mayLogIn) => {
			var _ref;
			return (_ref = mayLogIn ? await session() : store.current()) === null || _ref === void 0 ? void 0 : _ref.token;
		},
		/** How often the user has logged out. A request from before that must not log in again. */
		logouts: () => logouts,
		/** Forgets the session and returns it, so that the caller can end it on the server. */
		logOut: async () => {
			logouts++;
			if (pendingLogin) await pendingLogin.catch(() => {});
			const session = store.current();
			store.save(null);
			return session;
		}
	};
}

// src/client/open-data.ts
/**
* Open data in the only order that works: first a session with a current session_key, then the
* data from `wx`, then its decryption by the server.
*/
function createOpenData(wx, login, call) {
	async function ready() {
		const session = await login.session();
		const check = callWx(wx, "checkSession", {}, wxFailed);
		try {
			await withTimeout(CHECK_MILLISECONDS, check, () => wxFailed(null));
			return session;
		} catch (_) {
			return renew(session);
		}
	}
	/** A session other than the old one. Calls that find the same session stale share one login. */
	function renew(old) {
		const session = login.current();
		return session && session.token !== old.token ? login.session() : login.login();
	}
	async function openData(fetchData) {
		const session = await ready();
		try {
			return await decrypt(fetchData);
		} catch (error) {
			if (!isStale(error)) throw error;
			await renew(session);
			return decrypt(fetchData);
		}
	}
	async function decrypt(fetchData) {
		const { encryptedData, iv, rawData, signature } = readFields(await callFetchData(fetchData));
		return call("POST", "/open-data/decrypt", {
			encryptedData,
			iv,
			...rawData && signature ? {
				rawData,
				signature
			} : {}
		});
	}
	async function phoneNumber(detail) {
		const { code, encryptedData, iv } = readFields(detail);
		if (!code && !encryptedData) throw wxFailed(detail);
		try {
			return await call("POST", "/phone-number", code ? { code } : {
				encryptedData,
				iv
			});
		} catch (error) {
			if (readFields(error).code !== "code_invalid" && !isStale(error)) throw error;
			if (!code) await login.login();
			throw new Code2SessionError("tap_required", "login_again", { detail: "The user has to tap again: this phone number can no longer be decrypted" });
		}
	}
	return {
		ready,
		openData,
		phoneNumber,
		userInfo: () => openData(() => callWx(wx, "getUserInfo", { withCredentials: true }, wxFailed)),
		weRun: () => openData(() => callWx(wx, "getWeRunData", {}, wxFailed))
	};
}
/** How long `wx.checkSession` may take, in milliseconds, before the client logs in instead. */
const CHECK_MILLISECONDS = 5e3;
/** Calls a function of the user's, which may throw or reject with anything. */
async function callFetchData(fetchData) {
	try {
		return await fetchData();
	} catch (error) {
		throw wxFailed(error);
	}
}
/** Whether the data was encrypted with a key that the server does not have, or too long ago. */
function isStale(error) {
	const { code } = readFields(error);
	return code === "session_key_stale" || code === "watermark_expired";
}

// src/client/options.ts
/** The options of `createClient`, and the checks that they have to pass. */
/** @throws {Error} if `baseUrl`, `cloud` or one of `hosts` is missing or malformed. */
function requireSettings(options = {}) {
	const baseUrl = options.cloud ? requireCloud(options) : requireUrl(options.baseUrl, "baseUrl");
	const hosts = (options.hosts || []).map((host) => requireUrl(host, "hosts"));
	return {
		...options,
		baseUrl,
		origins: [baseUrl, ...hosts].map(parseOrigin)
	};
}
function requireCloud({ cloud, baseUrl }) {
	if (baseUrl) throw new Error("baseUrl and cloud exclude each other");
	if ((cloud === null || cloud === void 0 ? void 0 : cloud.env) && cloud.service) return CLOUD_BASE;
	throw new Error("cloud must be like { env: \"prod-0a1b2c3d\", service: \"code2session\" }");
}
/** The token goes to these origins, so user names, wildcards and queries are refused. */
const URL_PATTERN = /^https?:\/\/[^/?#@*\\\s]+(\/[^?#@*\\\s]*)?$/i;
/** The URL without slashes at its end. Only `baseUrl` may have a path, only `hosts` no scheme. */
function requireUrl(value, option) {
	const isHost = option === "hosts";
	const text = typeof value === "string" ? value.trim() : "";
	const url = (isHost ? text.replace(/^(?!https?:\/\/)/i, "https://") : text).replace(/\/+$/, "");
	const match = URL_PATTERN.exec(url);
	if (match && !(isHost && match[1])) return url;
	throw new Error(`${option} is ${value ? "not valid" : "missing"}: baseUrl and hosts must be like https://a.example, hosts without a path`);
}

// src/client/pay.ts
/** Pays an order: checks the parameters, calls `wx.requestPayment`, and says why it failed. */
/** The forms that WeChat takes. Of a wrong one it says little; a wrong signType looks cancelled. */
const PATTERNS = [
	["timeStamp", /^\d{10}$/],
	["nonceStr", /^.{1,32}$/],
	["package", /^prepay_id=./],
	["signType", /^RSA$/],
	["paySign", /./]
];
async function pay(wx, parameters) {
	requireParameters(parameters);
	return new Promise((resolve, reject) => {
		const complete = (result) => {
			if (isCancellation(result)) resolve("cancelled");
		};
		callWx(wx, "requestPayment", {
			...parameters,
			complete
		}, paymentFailed).then(() => resolve("ok"), (error) => isCancellation(error) ? resolve("cancelled") : reject(error));
	});
}
/** @throws {Code2SessionError} `parameters_invalid`, which names the fields and holds no value */
function requireParameters(parameters) {
	const fields = readFields(parameters);
	const wrong = PATTERNS.filter(([name, pattern]) => {
		const value = fields[name];
		return typeof value !== "string" || !pattern.test(value);
	}).map(([name]) => name);
	if (!wrong[0]) return;
	throw new Code2SessionError("parameters_invalid", "fix_request", { detail: `pay() takes the five strings of POST /payments. Missing or wrong: ${wrong.join(", ")}` });
}
function isCancellation(result) {
	return /requestPayment:(fail )?cancel/.test(String(readFields(result).errMsg));
}
/** What to do about the failures that WeChat tells apart only in words. */
const ADVICE = [
	[
		/^102 |no permission/,
		"WeChat has restricted payments: see the notices in the console of the mini program",
		"stop"
	],
	[/签名/, "Check the merchant private key, and that the order has the appid of this mini program"],
	[/String/, "Pass every parameter as a string"],
	[/appid/, "Place the order with the appid of this mini program, linked to the merchant"],
	[/账号不一致/, "Place the order with the openid of the user who pays"],
	[/支付场景|支付方式/, "Place a JSAPI order"]
];
/** `wx.requestPayment` failed. */
const paymentFailed = (failure) => toError(failure, "wx_failed", "stop", ADVICE);

// src/client/request.ts
function createRequest(wx, settings, login, accessTokens) {
	const { baseUrl, origins, loginWhen } = settings;
	const needsLogin = (response) => response.statusCode === 401 || (loginWhen ? loginWhen(response) : false);
	async function request(requested) {
		const { login: mayLogIn = true, ...rest } = requested;
		const { dataType = "json" } = requested;
		const asked = String(rest.url);
		const options = {
			...rest,
			url: asked[0] === "/" ? baseUrl + asked : asked
		};
		const index = origins.indexOf(requireOrigin(options.url));
		if (index < 0) return send(wx, options);
		const tokens = settings.accessTokens && index > 0 ? accessTokens : login;
		const parse = options.url.indexOf(`${baseUrl}/`) === 0 && dataType === "json" ? parseAnswer : (response) => response;
		const logouts = login.logouts();
		const token = await tokens.token(mayLogIn);
		if (!token) return parse(await send(wx, options));
		const response = parse(await sendCredentials(wx, options, token));
		if (!needsLogin(response) || login.logouts() !== logouts) return response;
		tokens.forget(token);
		const newToken = await tokens.token(mayLogIn);
		return newToken ? parse(await sendCredentials(wx, options, newToken)) : response;
	}
	async function call(...[method, path, data]) {
		const options = {
			url: path,
			method,
			...data && { data }
		};
		let response = await request(options);
		const failure = findFailure(response);
		if (failure) {
			await waitToRetry(failure);
			response = await request(options);
		}
		return requireSuccess(response).data;
	}
	return {
		request,
		call
	};
}
/** @throws {Code2SessionError} `url_invalid` */
function requireOrigin(url) {
	const origin = parseOrigin(url);
	if (origin !== null) return origin;
	throw new Code2SessionError("url_invalid", "fix_request", { detail: "url must begin with / or be like https://a.example/path" });
}

// src/client/index.ts
/**
* The client of code2session for mini programs and mini games. It logs in on demand, so that no
* page has to.
*
* One file without dependencies. It uses no global but `wx`. All functions return promises that
* reject with a {@link Code2SessionError}.
*/
/**
* Creates a client. Create one for the whole mini program. It works in mini games as well, and not
* in plugins, which have no `wx.login`.
*
* @throws {Error} if `baseUrl`, `cloud` or one of `hosts` is missing or malformed, or if there is no `wx`.
*
* @example
* ```ts
* import { createClient } from 'code2session/client'
*
* const client = createClient({ baseUrl: 'https://login.example.com' })
* const { data } = await client.request({ url: '/session' })
* console.log(data.userId)
* ```
*/
function createClient(options) {
	const settings = requireSettings(options);
	const wxApi = overCloud(requireWx(settings), settings.cloud);
	const login = createLogin(wxApi, settings);
	const accessTokens = createAccessTokens(wxApi, settings, login);
	const { request, call } = createRequest(wxApi, settings, login, accessTokens);
	/** The phone forgets the session first, so it is logged out even if the server is out of reach. */
	async function logout() {
		const session = await login.logOut();
		if (!session) return;
		const options = {
			url: `${settings.baseUrl}/session`,
			method: "DELETE"
		};
		try {
			await sendToServer(wxApi, options, session.token);
		} catch (error) {
			if (readFields(error).statusCode !== 401) throw error;
		}
	}
	return {
		login: login.login,
		request,
		accessToken: () => accessTokens.token(true),
		...createOpenData(wxApi, login, call),
		authorize: (scope) => authorize(wxApi, scope),
		pay: (parameters) => pay(wxApi, parameters),
		sessions: async () => (await call("GET", "/sessions")).sessions,
		endSession: async (id) => {
			await call("DELETE", `/sessions/${encodeURIComponent(id)}`);
		},
		logout,
		logoutEverywhere: async () => {
			await call("DELETE", "/sessions");
			await login.logOut();
		}
	};
}
function requireWx(options) {
	if (options.wx) return options.wx;
	if (typeof wx === "undefined") throw new Error("There is no wx here. Pass one to createClient: createClient({ baseUrl, wx })");
	return wx;
}

exports.Code2SessionError = Code2SessionError;
exports.createClient = createClient;