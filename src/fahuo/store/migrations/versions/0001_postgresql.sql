CREATE TABLE journal (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    data TEXT NOT NULL,
    prev BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT journal_pkey PRIMARY KEY (seller_id, order_id, seq)
);

CREATE INDEX journal_at ON journal (seller_id, at);

COMMENT ON COLUMN journal.seq IS '1, 2, 3, … per order, no gap';

COMMENT ON COLUMN journal.at IS 'business time of the fact, epoch seconds';

COMMENT ON COLUMN journal.data IS 'canonical JSON (RFC 8785); no personal data';

COMMENT ON COLUMN journal.prev IS 'hash of the row before, 32 zero bytes for the first';

COMMENT ON COLUMN journal.hash IS 'SHA-256 over prev and the canonical JSON of the row';

CREATE OR REPLACE FUNCTION journal_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM settings WHERE seller_id = 0 AND key = 'journal.archiving') THEN RETURN OLD; END IF; RAISE EXCEPTION 'journal rows never change'; END $$;

CREATE TRIGGER journal_guard BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_guard();

CREATE TABLE journal_checkpoints (
    seller_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    leaves BIGINT NOT NULL,
    root BYTEA NOT NULL,
    prev BYTEA NOT NULL,
    public_key BYTEA NOT NULL,
    signature BYTEA NOT NULL,
    CONSTRAINT journal_checkpoints_pkey PRIMARY KEY (seller_id, number)
);

COMMENT ON COLUMN journal_checkpoints.leaves IS 'orders whose head moved since the checkpoint before';

COMMENT ON COLUMN journal_checkpoints.root IS 'Merkle root (RFC 6962) over those heads, by order id';

COMMENT ON COLUMN journal_checkpoints.prev IS 'SHA-256 of the statement before';

COMMENT ON COLUMN journal_checkpoints.signature IS 'Ed25519 over the statement';

CREATE TABLE journal_leaves (
    seller_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT journal_leaves_pkey PRIMARY KEY (seller_id, number, order_id)
);

CREATE INDEX journal_leaves_order ON journal_leaves (seller_id, order_id, seq);

COMMENT ON COLUMN journal_leaves.number IS 'of the checkpoint';

COMMENT ON COLUMN journal_leaves.seq IS 'the head''s number; its hash stands in the journal';

CREATE TABLE effects (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    scope TEXT NOT NULL,
    shop_id BIGINT,
    order_id BIGINT,
    package_id BIGINT,
    safety TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    attempts_max INTEGER NOT NULL,
    read_first BOOLEAN NOT NULL,
    lease_until_ms BIGINT NOT NULL,
    worker TEXT NOT NULL,
    body TEXT NOT NULL,
    outcome TEXT NOT NULL,
    finished_ms BIGINT,
    CONSTRAINT effects_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX effects_due ON effects (seller_id, lane, due_at) WHERE state = 'due';

CREATE INDEX effects_held ON effects (seller_id, lane, lease_until_ms) WHERE state IN ('claimed', 'retry');

CREATE INDEX effects_order ON effects (seller_id, order_id);

CREATE INDEX effects_people ON effects (seller_id, state) WHERE state IN ('unknown', 'declined', 'given_up', 'waiting');

CREATE UNIQUE INDEX effects_key ON effects (seller_id, key);

COMMENT ON COLUMN effects.key IS 'from the fact: the same fact gives the same key';

COMMENT ON COLUMN effects.scope IS 'whose budget it uses: a shop or a carrier account; empty for none';

COMMENT ON COLUMN effects.safety IS 'idempotent, readable, ask: how repeating is safe';

COMMENT ON COLUMN effects.due_at IS 'business time';

COMMENT ON COLUMN effects.attempts IS 'also the fence: an answer must name it';

COMMENT ON COLUMN effects.read_first IS 'an answer was lost: ask the other side before repeating';

COMMENT ON COLUMN effects.lease_until_ms IS 'end of a claim, or of a back-off; technical time';

COMMENT ON COLUMN effects.body IS 'JSON of references; no personal data';

COMMENT ON COLUMN effects.outcome IS 'JSON: what came back last';

CREATE TABLE effect_budgets (
    seller_id BIGINT NOT NULL,
    lane TEXT NOT NULL,
    scope TEXT NOT NULL,
    per_second FLOAT NOT NULL,
    burst INTEGER NOT NULL,
    tokens FLOAT NOT NULL,
    filled_ms BIGINT NOT NULL,
    paused BOOLEAN NOT NULL,
    CONSTRAINT effect_budgets_pkey PRIMARY KEY (seller_id, lane, scope)
);

COMMENT ON COLUMN effect_budgets.scope IS 'empty: the lane as a whole';

COMMENT ON COLUMN effect_budgets.per_second IS '0: no limit';

CREATE TABLE people (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    sealed BYTEA,
    name_hash BYTEA,
    phone_hash BYTEA,
    erased_at BIGINT,
    erased_why TEXT,
    CONSTRAINT people_pkey PRIMARY KEY (seller_id, order_id)
);

CREATE INDEX people_name ON people (seller_id, name_hash);

CREATE INDEX people_phone ON people (seller_id, phone_hash);

COMMENT ON COLUMN people.sealed IS 'recipient and messages, AES-256-GCM; empty once erased';

COMMENT ON COLUMN people.name_hash IS 'keyed hash of the normalised full name; empty when masked';

COMMENT ON COLUMN people.phone_hash IS 'keyed hash of the E.164 phone; empty when masked';

CREATE TABLE payloads (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    at BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT payloads_pkey PRIMARY KEY (seller_id, order_id, source)
);

COMMENT ON COLUMN payloads.source IS 'api, webhook, file; the newest of each is kept';

CREATE TABLE seller_keys (
    seller_id BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    signing BYTEA NOT NULL,
    public_key BYTEA NOT NULL,
    created_ms BIGINT NOT NULL,
    CONSTRAINT seller_keys_pkey PRIMARY KEY (seller_id)
);

COMMENT ON COLUMN seller_keys.wrapped IS 'the seller''s data key under the master key';

COMMENT ON COLUMN seller_keys.signing IS 'Ed25519 private key under the master key';

CREATE TABLE settings (
    seller_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    updated_ms BIGINT NOT NULL,
    CONSTRAINT settings_pkey PRIMARY KEY (seller_id, key)
);

COMMENT ON COLUMN settings.seller_id IS '0: the installation';

COMMENT ON COLUMN settings.value IS 'JSON';

CREATE TABLE worker_cron (
    seller_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    ran_at BIGINT,
    worker TEXT NOT NULL,
    CONSTRAINT worker_cron_pkey PRIMARY KEY (seller_id, name)
);

COMMENT ON COLUMN worker_cron.due_at IS 'business time of the next run';

COMMENT ON COLUMN worker_cron.ran_at IS 'business time of the last run';

CREATE TABLE users (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX users_name ON users (seller_id, name);

COMMENT ON COLUMN users.name IS 'as compared: NFKC, case folded';

COMMENT ON COLUMN users.password_hash IS 'argon2id';

CREATE TABLE api_tokens (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    actions TEXT NOT NULL,
    shops TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    used_ms BIGINT,
    CONSTRAINT api_tokens_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX api_tokens_name ON api_tokens (seller_id, name);

CREATE UNIQUE INDEX api_tokens_prefix ON api_tokens (seller_id, prefix);

COMMENT ON COLUMN api_tokens.prefix IS 'the part that may be shown';

COMMENT ON COLUMN api_tokens.token_hash IS 'SHA-256 of the whole token';

COMMENT ON COLUMN api_tokens.actions IS 'JSON list';

COMMENT ON COLUMN api_tokens.shops IS 'JSON list of shop ids; NULL is every shop';

CREATE TABLE login_attempts (
    seller_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject BYTEA NOT NULL,
    failures INTEGER NOT NULL,
    last_ms BIGINT NOT NULL,
    CONSTRAINT login_attempts_pkey PRIMARY KEY (seller_id, kind, subject)
);

CREATE INDEX login_attempts_last ON login_attempts (seller_id, last_ms);

COMMENT ON COLUMN login_attempts.kind IS 'user, address';

COMMENT ON COLUMN login_attempts.subject IS 'keyed hash of the name or address';

CREATE TABLE access_log (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    CONSTRAINT access_log_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX access_log_at ON access_log (seller_id, at);

COMMENT ON COLUMN access_log.at IS 'business time';

COMMENT ON COLUMN access_log.event IS 'user.added, login.ok, login.failed, token.revoked, …';

COMMENT ON COLUMN access_log.subject IS 'user:name or token:name';

COMMENT ON COLUMN access_log.data IS 'JSON; no secret, no personal data';

CREATE TABLE api_requests (
    seller_id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BYTEA NOT NULL,
    status INTEGER,
    answer BYTEA,
    media TEXT NOT NULL,
    begun_ms BIGINT NOT NULL,
    CONSTRAINT api_requests_pkey PRIMARY KEY (seller_id, actor, key)
);

CREATE INDEX api_requests_begun ON api_requests (seller_id, begun_ms);

COMMENT ON COLUMN api_requests.actor IS 'whose key it is: two tokens may use the same word';

COMMENT ON COLUMN api_requests.key IS 'Idempotency-Key as sent';

COMMENT ON COLUMN api_requests.digest IS 'SHA-256 of method, path and body';

COMMENT ON COLUMN api_requests.status IS 'HTTP status of the answer; empty while the request runs';

COMMENT ON COLUMN api_requests.answer IS 'the answer''s body, sealed: it may name a buyer';

CREATE TABLE carriers (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    tracking_url TEXT NOT NULL,
    CONSTRAINT carriers_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX carriers_code ON carriers (seller_id, code);

CREATE TABLE exchange_rates (
    seller_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    base TEXT NOT NULL,
    parts_per_million BIGINT NOT NULL,
    since_at BIGINT NOT NULL,
    CONSTRAINT exchange_rates_pkey PRIMARY KEY (seller_id, currency, base)
);

COMMENT ON COLUMN exchange_rates.parts_per_million IS 'base minor units per million minor units';

CREATE TABLE sellers (
    seller_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT sellers_pkey PRIMARY KEY (seller_id),
    CONSTRAINT sellers_name_key UNIQUE (name)
);

CREATE TABLE shops (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    market TEXT NOT NULL,
    seller_type TEXT NOT NULL,
    shipping_type TEXT NOT NULL,
    zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    pack TEXT,
    channel TEXT NOT NULL,
    callback_url TEXT,
    callback_secret BYTEA,
    sender TEXT NOT NULL,
    cod_allowed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT shops_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX shops_name ON shops (seller_id, name);

COMMENT ON COLUMN shops.sender IS 'JSON: seller''s name, lines, city, region, postal_code, country, phone';

CREATE TABLE skus (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    weight_g INTEGER NOT NULL,
    length_mm INTEGER NOT NULL,
    width_mm INTEGER NOT NULL,
    height_mm INTEGER NOT NULL,
    goods INTEGER NOT NULL,
    packing TEXT NOT NULL,
    barcode TEXT NOT NULL,
    cost BIGINT,
    currency TEXT,
    safety_buffer INTEGER NOT NULL,
    is_bundle BOOLEAN NOT NULL,
    CONSTRAINT skus_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX skus_barcode ON skus (seller_id, barcode);

CREATE UNIQUE INDEX skus_sku ON skus (seller_id, sku);

COMMENT ON COLUMN skus.goods IS 'bit mask: battery 1, liquid 2, dangerous 4, food 8, fragile 16';

CREATE TABLE warehouses (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    country TEXT NOT NULL,
    region TEXT NOT NULL,
    city TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    address TEXT NOT NULL,
    contact_name TEXT NOT NULL,
    phone TEXT NOT NULL,
    zone TEXT NOT NULL,
    cutoff TEXT NOT NULL,
    work_days TEXT NOT NULL,
    capacity_per_day INTEGER,
    platform_ref TEXT NOT NULL,
    CONSTRAINT warehouses_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX warehouses_code ON warehouses (seller_id, code);

COMMENT ON COLUMN warehouses.cutoff IS 'HH:MM local; the last moment a parcel can join today''s hand-over';

COMMENT ON COLUMN warehouses.work_days IS 'digits, Monday = 1';

COMMENT ON COLUMN warehouses.capacity_per_day IS 'parcels the floor can pack a day; empty: not known';

CREATE TABLE cartons (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    length_mm INTEGER NOT NULL,
    width_mm INTEGER NOT NULL,
    height_mm INTEGER NOT NULL,
    max_weight_g INTEGER NOT NULL,
    tare_g INTEGER NOT NULL,
    cost BIGINT NOT NULL,
    currency TEXT NOT NULL,
    packing TEXT NOT NULL,
    CONSTRAINT cartons_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX cartons_code ON cartons (seller_id, code);

CREATE TABLE notices (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    notification_id TEXT NOT NULL,
    app_key TEXT NOT NULL,
    platform_shop_id TEXT NOT NULL,
    shop_id BIGINT NOT NULL,
    type INTEGER NOT NULL,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    order_refs TEXT NOT NULL,
    state TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    received_ms BIGINT NOT NULL,
    due_ms BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    why TEXT NOT NULL,
    body BYTEA,
    CONSTRAINT notices_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX notices_due ON notices (seller_id, state, kind, due_ms);

CREATE UNIQUE INDEX notices_once ON notices (seller_id, notification_id);

COMMENT ON COLUMN notices.notification_id IS 'the platform''s; a replay has the same';

COMMENT ON COLUMN notices.app_key IS 'empty: a note of our own to read an order';

COMMENT ON COLUMN notices.shop_id IS 'ours; 0: a shop we are not connected to';

COMMENT ON COLUMN notices.type IS 'the platform''s number; 0: our own note; -1: unreadable';

COMMENT ON COLUMN notices.ref IS 'platform id of what it is about';

COMMENT ON COLUMN notices.order_refs IS 'platform order ids to be read again, space between';

COMMENT ON COLUMN notices.state IS 'order, handed, done, kept, parked, malformed';

COMMENT ON COLUMN notices.sent_at IS 'the platform''s time';

COMMENT ON COLUMN notices.due_ms IS 'not to be worked before; also the lease of who works it';

COMMENT ON COLUMN notices.why IS 'what went wrong last, without personal data';

COMMENT ON COLUMN notices.body IS 'sealed';

CREATE TABLE notice_counts (
    seller_id BIGINT NOT NULL,
    app_key TEXT NOT NULL,
    what TEXT NOT NULL,
    count BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    CONSTRAINT notice_counts_pkey PRIMARY KEY (seller_id, app_key, what)
);

COMMENT ON COLUMN notice_counts.app_key IS 'empty: no app of ours';

COMMENT ON COLUMN notice_counts.what IS 'taken, repeated, forged, malformed, unknown_shop, oversized, busy';

CREATE TABLE apps (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    app_key TEXT NOT NULL,
    secret BYTEA NOT NULL,
    service_id TEXT NOT NULL,
    api_url TEXT NOT NULL,
    auth_url TEXT NOT NULL,
    consent_url TEXT NOT NULL,
    webhook_url TEXT NOT NULL,
    reads_per_second FLOAT NOT NULL,
    writes_per_second FLOAT NOT NULL,
    created_ms BIGINT NOT NULL,
    CONSTRAINT apps_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX apps_key ON apps (seller_id, app_key);

COMMENT ON COLUMN apps.secret IS 'sealed';

COMMENT ON COLUMN apps.webhook_url IS 'where the platform sends notices; empty: nowhere';

COMMENT ON COLUMN apps.reads_per_second IS 'where the adaptive budget starts';

CREATE TABLE consents (
    seller_id BIGINT NOT NULL,
    state_hash BYTEA NOT NULL,
    app_id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    used_ms BIGINT,
    CONSTRAINT consents_pkey PRIMARY KEY (seller_id, state_hash)
);

COMMENT ON COLUMN consents.state_hash IS 'SHA-256 of the random `state`; used once';

COMMENT ON COLUMN consents.actor IS 'the user it is bound to';

CREATE TABLE grants (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    app_id BIGINT NOT NULL,
    open_id TEXT NOT NULL,
    seller_name TEXT NOT NULL,
    base_region TEXT NOT NULL,
    scopes TEXT NOT NULL,
    access_token BYTEA NOT NULL,
    refresh_token BYTEA NOT NULL,
    access_since_ms BIGINT NOT NULL,
    access_until_ms BIGINT NOT NULL,
    refresh_until_ms BIGINT NOT NULL,
    granted_ms BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    retry_ms BIGINT NOT NULL,
    claim BIGINT NOT NULL,
    claim_until_ms BIGINT NOT NULL,
    CONSTRAINT grants_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX grants_open ON grants (seller_id, app_id, open_id);

COMMENT ON COLUMN grants.scopes IS 'JSON list';

COMMENT ON COLUMN grants.access_token IS 'sealed';

COMMENT ON COLUMN grants.refresh_token IS 'sealed';

COMMENT ON COLUMN grants.refresh_until_ms IS 'end of the authorisation the seller gave';

COMMENT ON COLUMN grants.state IS 'active, expired, withdrawn';

COMMENT ON COLUMN grants.reason IS 'code and words of the platform, without secrets';

COMMENT ON COLUMN grants.attempts IS 'renewals since the last whose answer was lost';

COMMENT ON COLUMN grants.retry_ms IS 'no renewal before; 0: whenever one is due';

COMMENT ON COLUMN grants.claim IS 'fence: who renews holds this number';

CREATE TABLE links (
    seller_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    app_id BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    platform_shop_id TEXT NOT NULL,
    platform_name TEXT NOT NULL,
    cipher TEXT NOT NULL,
    region TEXT NOT NULL,
    seller_type TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    connected_ms BIGINT NOT NULL,
    warned_ms BIGINT,
    cursor_at BIGINT,
    pulled_ms BIGINT,
    pull_due_ms BIGINT,
    pull_problem TEXT NOT NULL,
    stumble TEXT NOT NULL,
    stumbled_ms BIGINT,
    reads_per_second FLOAT,
    writes_per_second FLOAT,
    throttled_ms BIGINT,
    skew_s INTEGER NOT NULL,
    health_ms BIGINT,
    lacking TEXT NOT NULL,
    hooks TEXT NOT NULL,
    hooks_problem TEXT NOT NULL,
    hooks_ms BIGINT,
    warehouses_problem TEXT NOT NULL,
    CONSTRAINT links_pkey PRIMARY KEY (seller_id, shop_id)
);

CREATE INDEX links_grant ON links (seller_id, grant_id);

CREATE UNIQUE INDEX links_platform ON links (seller_id, platform_shop_id);

COMMENT ON COLUMN links.shop_id IS 'one shop of ours is one shop of theirs';

COMMENT ON COLUMN links.state IS 'active, withdrawn, refused';

COMMENT ON COLUMN links.warned_ms IS 'the platform announced that the authorisation ends';

COMMENT ON COLUMN links.cursor_at IS 'orders changed before this platform time are all here';

COMMENT ON COLUMN links.pulled_ms IS 'last pull that came to its end';

COMMENT ON COLUMN links.pull_due_ms IS 'no pull before; also the lease of whoever pulls; empty: at once';

COMMENT ON COLUMN links.pull_problem IS 'why the last pull did not; empty when it did';

COMMENT ON COLUMN links.stumble IS 'the last trouble of any pull, got over since or not';

COMMENT ON COLUMN links.lacking IS 'JSON: part of the API the app may not call -> why';

COMMENT ON COLUMN links.hooks IS 'JSON: event type -> address';

COMMENT ON COLUMN links.warehouses_problem IS 'JSON list: warehouses to be completed';

CREATE TABLE extensions (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    body TEXT NOT NULL,
    announced_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT extensions_pkey PRIMARY KEY (seller_id, id)
);

COMMENT ON COLUMN extensions.body IS 'JSON of deadlines.model.Extension';

CREATE TABLE calendar_changes (
    seller_id BIGINT NOT NULL,
    calendar TEXT NOT NULL,
    day TEXT NOT NULL,
    open SMALLINT NOT NULL,
    why TEXT NOT NULL,
    CONSTRAINT calendar_changes_pkey PRIMARY KEY (seller_id, calendar, day)
);

COMMENT ON COLUMN calendar_changes.day IS 'ISO date';

CREATE TABLE stock_ledger (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    sku_id BIGINT NOT NULL,
    warehouse_id BIGINT NOT NULL,
    on_hand BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    placed BIGINT NOT NULL,
    order_id BIGINT,
    actor TEXT NOT NULL,
    CONSTRAINT stock_ledger_pkey PRIMARY KEY (seller_id, id)
);

COMMENT ON COLUMN stock_ledger.kind IS 'count, reserve, release, place, ship';

COMMENT ON COLUMN stock_ledger.warehouse_id IS '0: the pool only';

COMMENT ON COLUMN stock_ledger.on_hand IS 'change of units on hand';

COMMENT ON COLUMN stock_ledger.reserved IS 'change of the pool''s reserved units';

COMMENT ON COLUMN stock_ledger.placed IS 'change of the warehouse''s placed units';

CREATE TABLE offers (
    seller_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    platform_sku_id TEXT NOT NULL,
    warehouse_ref TEXT NOT NULL,
    product_id TEXT NOT NULL,
    seller_sku TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    sku_id BIGINT,
    shown BIGINT,
    told_at BIGINT,
    asked BIGINT,
    asked_at BIGINT,
    empty_at BIGINT,
    stopped BOOLEAN NOT NULL,
    problem TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    CONSTRAINT offers_pkey PRIMARY KEY (seller_id, shop_id, platform_sku_id, warehouse_ref)
);

CREATE INDEX offers_product ON offers (seller_id, shop_id, product_id);

COMMENT ON COLUMN offers.warehouse_ref IS 'the platform''s id of the warehouse';

COMMENT ON COLUMN offers.state IS 'the platform''s word for the product';

COMMENT ON COLUMN offers.sku_id IS 'empty: no SKU of ours';

COMMENT ON COLUMN offers.shown IS 'units the platform last showed or took from us';

COMMENT ON COLUMN offers.told_at IS 'when it last took a figure of ours';

COMMENT ON COLUMN offers.asked IS 'units in a push on its way';

COMMENT ON COLUMN offers.empty_at IS 'since when nothing is offered';

COMMENT ON COLUMN offers.stopped IS 'we took the product off sale, so we put it back';

COMMENT ON COLUMN offers.problem IS 'the platform''s code for the last push; empty when it was taken';

COMMENT ON COLUMN offers.seen_at IS 'last time the platform told of it';

CREATE TABLE orders (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    platform_order_id TEXT NOT NULL,
    market TEXT NOT NULL,
    state TEXT NOT NULL,
    station TEXT NOT NULL,
    order_type TEXT NOT NULL,
    shipping_type TEXT NOT NULL,
    fulfillment_type TEXT NOT NULL,
    handling_days INTEGER,
    handling_type TEXT,
    priority_level INTEGER,
    is_cod BOOLEAN NOT NULL,
    is_sample BOOLEAN NOT NULL,
    buyer_cancel BOOLEAN NOT NULL,
    readdressed BOOLEAN NOT NULL,
    masked BOOLEAN NOT NULL,
    warehouse_ref TEXT NOT NULL,
    warehouse_id BIGINT,
    carrier_name TEXT NOT NULL,
    tracking_number TEXT NOT NULL,
    dest_country TEXT NOT NULL,
    dest_region TEXT NOT NULL,
    dest_postal TEXT NOT NULL,
    currency TEXT NOT NULL,
    exponent SMALLINT NOT NULL,
    subtotal BIGINT,
    shipping_fee BIGINT,
    tax BIGINT,
    total BIGINT,
    units INTEGER NOT NULL,
    created_at BIGINT,
    paid_at BIGINT,
    awaiting_at BIGINT,
    arranged_at BIGINT,
    packed_at BIGINT,
    handed_over_at BIGINT,
    first_scan_at BIGINT,
    delivered_at BIGINT,
    completed_at BIGINT,
    cancelled_at BIGINT,
    release_at BIGINT,
    platform_times TEXT NOT NULL,
    cancel_by TEXT NOT NULL,
    cancel_reason TEXT NOT NULL,
    source TEXT NOT NULL,
    source_at BIGINT,
    state_at BIGINT,
    twin TEXT NOT NULL,
    digest BYTEA NOT NULL,
    taken_at BIGINT NOT NULL,
    due_at BIGINT,
    due_clock TEXT,
    pack TEXT,
    version INTEGER NOT NULL,
    journal_seq BIGINT NOT NULL,
    journal_head BYTEA NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX orders_state ON orders (seller_id, state, created_at);

CREATE INDEX orders_station ON orders (seller_id, station, due_at, id);

CREATE INDEX orders_twin ON orders (seller_id, twin);

CREATE UNIQUE INDEX orders_platform ON orders (seller_id, shop_id, platform_order_id);

COMMENT ON COLUMN orders.state IS 'the platform''s word, unknown ones kept';

COMMENT ON COLUMN orders.station IS 'where the order stands in our own journey';

COMMENT ON COLUMN orders.dest_postal IS 'first three characters only: the rate zone, not the address';

COMMENT ON COLUMN orders.platform_times IS 'JSON: the platform''s own deadline fields, epoch seconds';

COMMENT ON COLUMN orders.source IS 'api, webhook or file';

COMMENT ON COLUMN orders.source_at IS 'the source''s update time; empty for files';

COMMENT ON COLUMN orders.state_at IS 'business time of the file that told the state; empty when an API did';

COMMENT ON COLUMN orders.twin IS 'keyed hash of buyer and items, to suspect duplicates; or empty';

COMMENT ON COLUMN orders.digest IS 'of the content taken last: the same again changes nothing';

COMMENT ON COLUMN orders.due_at IS 'earliest due time of a seller clock still running';

CREATE TABLE imports (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    file TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    counts TEXT NOT NULL,
    finished_at BIGINT,
    CONSTRAINT imports_pkey PRIMARY KEY (seller_id, id)
);

COMMENT ON COLUMN imports.counts IS 'JSON: read, created, updated, unchanged, refused';

CREATE TABLE refusals (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    refused TEXT NOT NULL,
    CONSTRAINT refusals_pkey PRIMARY KEY (seller_id, id)
);

COMMENT ON COLUMN refusals.id IS '63 bits of a hash of the text: alike orders share one row';

COMMENT ON COLUMN refusals.refused IS 'JSON list of [warehouse, service, reason code]';

CREATE TABLE capacity_used (
    seller_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    warehouse_id BIGINT NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,
    allowed INTEGER NOT NULL,
    CONSTRAINT capacity_used_pkey PRIMARY KEY (seller_id, service_id, warehouse_id, day),
    CONSTRAINT capacity_used_capacity_used_positive CHECK (used >= 0),
    CONSTRAINT capacity_used_capacity_used_allowed CHECK (used <= allowed)
);

COMMENT ON COLUMN capacity_used.warehouse_id IS '0: counted over all warehouses';

COMMENT ON COLUMN capacity_used.day IS 'ISO date of hand-over, local to the warehouse';

CREATE TABLE conversations (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    ref TEXT NOT NULL,
    buyer_ref TEXT NOT NULL,
    unread INTEGER NOT NULL,
    can_send BOOLEAN NOT NULL,
    latest_at BIGINT,
    read_to BIGINT,
    seen_at BIGINT,
    waits_since BIGINT,
    CONSTRAINT conversations_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX conversations_latest ON conversations (seller_id, latest_at);

CREATE INDEX conversations_waiting ON conversations (seller_id, waits_since) WHERE waits_since IS NOT NULL;

CREATE UNIQUE INDEX conversations_ref ON conversations (seller_id, shop_id, ref);

COMMENT ON COLUMN conversations.ref IS 'the platform''s id';

COMMENT ON COLUMN conversations.buyer_ref IS 'the platform''s id of the buyer';

COMMENT ON COLUMN conversations.read_to IS 'messages up to then are all here';

COMMENT ON COLUMN conversations.seen_at IS 'a person said that what was written up to then needs no answer';

COMMENT ON COLUMN conversations.waits_since IS 'the oldest message of the buyer that nobody has answered';

CREATE TABLE waves (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    warehouse_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    leave_at BIGINT,
    parcels INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT waves_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX waves_number ON waves (seller_id, number);

COMMENT ON COLUMN waves.service_id IS '0: the platform''s carriers';

CREATE TABLE first_mile_bundles (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    warehouse_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    method TEXT NOT NULL,
    carrier_name TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    tracking_number TEXT NOT NULL,
    phone_tail TEXT NOT NULL,
    platform_ref TEXT NOT NULL,
    sheet_url TEXT NOT NULL,
    sheet_file_id BIGINT,
    made_at BIGINT NOT NULL,
    bundled_at BIGINT,
    CONSTRAINT first_mile_bundles_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX first_mile_bundles_number ON first_mile_bundles (seller_id, tracking_number);

COMMENT ON COLUMN first_mile_bundles.shop_id IS 'the shop in whose name it was made';

COMMENT ON COLUMN first_mile_bundles.state IS 'asked, bundled, declined';

COMMENT ON COLUMN first_mile_bundles.method IS 'DROP_OFF (by domestic courier) or PICKUP';

COMMENT ON COLUMN first_mile_bundles.carrier_name IS 'the domestic courier';

COMMENT ON COLUMN first_mile_bundles.provider_ref IS 'the platform''s id of the domestic courier';

COMMENT ON COLUMN first_mile_bundles.tracking_number IS 'the domestic waybill';

COMMENT ON COLUMN first_mile_bundles.platform_ref IS 'first_mile_bundle_id';

CREATE TABLE labels (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    origin TEXT NOT NULL,
    format TEXT NOT NULL,
    page INTEGER NOT NULL,
    digest TEXT NOT NULL,
    file_id BIGINT NOT NULL,
    lint TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT labels_pkey PRIMARY KEY (seller_id, id)
);

COMMENT ON COLUMN labels.page IS 'numbered from 1; 0: the whole file';

COMMENT ON COLUMN labels.file_id IS 'the sealed file in label_files';

COMMENT ON COLUMN labels.lint IS 'JSON list of problems found';

CREATE TABLE label_files (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    sealed BYTEA,
    at BIGINT NOT NULL,
    CONSTRAINT label_files_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX label_files_digest ON label_files (seller_id, digest);

COMMENT ON COLUMN label_files.digest IS 'SHA-256 of the file';

COMMENT ON COLUMN label_files.sealed IS 'the file, encrypted: a label is personal data; empty once erased';

CREATE TABLE bench_scans (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    package_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    code TEXT NOT NULL,
    ok BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT bench_scans_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX bench_scans_package ON bench_scans (seller_id, package_id);

CREATE TABLE prints (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    wave_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    pages INTEGER NOT NULL,
    CONSTRAINT prints_pkey PRIMARY KEY (seller_id, id)
);

COMMENT ON COLUMN prints.kind IS 'labels, pick list, packing slips';

CREATE TABLE sessions (
    seller_id BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    user_id BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (seller_id, token_hash),
    CONSTRAINT sessions_seller_id_user_id_fkey FOREIGN KEY(seller_id, user_id) REFERENCES users (seller_id, id)
);

CREATE INDEX sessions_user ON sessions (seller_id, user_id);

COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the cookie';

CREATE TABLE aftersale_requests (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    order_id BIGINT,
    order_ref TEXT NOT NULL,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    role TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_text TEXT NOT NULL,
    unit_ids TEXT NOT NULL,
    amount BIGINT,
    currency TEXT NOT NULL,
    exponent INTEGER NOT NULL,
    action TEXT NOT NULL,
    answer_by BIGINT,
    arbitration TEXT NOT NULL,
    tracking_number TEXT NOT NULL,
    asked_at BIGINT,
    updated_at BIGINT,
    decided TEXT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT NOT NULL,
    CONSTRAINT aftersale_requests_pkey PRIMARY KEY (seller_id, id),
    CONSTRAINT aftersale_requests_seller_id_order_id_fkey FOREIGN KEY(seller_id, order_id) REFERENCES orders (seller_id, id)
);

CREATE INDEX aftersale_requests_answer ON aftersale_requests (seller_id, answer_by) WHERE action != '' AND decided = '';

CREATE INDEX aftersale_requests_order ON aftersale_requests (seller_id, order_id);

CREATE UNIQUE INDEX aftersale_requests_ref ON aftersale_requests (seller_id, shop_id, kind, ref);

COMMENT ON COLUMN aftersale_requests.order_id IS 'empty while the order is not known here';

COMMENT ON COLUMN aftersale_requests.order_ref IS 'the platform''s id of the order';

COMMENT ON COLUMN aftersale_requests.kind IS 'cancel or return';

COMMENT ON COLUMN aftersale_requests.ref IS 'the platform''s id of the request';

COMMENT ON COLUMN aftersale_requests.state IS 'the platform''s word';

COMMENT ON COLUMN aftersale_requests.role IS 'who asked';

COMMENT ON COLUMN aftersale_requests.unit_ids IS 'JSON list of platform line item ids; empty: the whole order';

COMMENT ON COLUMN aftersale_requests.action IS 'what the seller is asked; empty for nothing';

COMMENT ON COLUMN aftersale_requests.tracking_number IS 'of the parcel that comes back';

COMMENT ON COLUMN aftersale_requests.decided IS 'our answer: approve, reject or empty';

CREATE TABLE services (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    carrier_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    shipping_type TEXT NOT NULL,
    goods_allowed INTEGER NOT NULL,
    max_weight_g INTEGER,
    max_length_mm INTEGER,
    max_girth_mm INTEGER,
    volumetric_divisor INTEGER,
    capacity_per_day INTEGER,
    cutoff TEXT NOT NULL,
    collect_days TEXT NOT NULL,
    transit_days_min INTEGER NOT NULL,
    transit_days_max INTEGER NOT NULL,
    scan_hours INTEGER NOT NULL,
    CONSTRAINT services_pkey PRIMARY KEY (seller_id, id),
    CONSTRAINT services_seller_id_carrier_id_fkey FOREIGN KEY(seller_id, carrier_id) REFERENCES carriers (seller_id, id)
);

CREATE UNIQUE INDEX services_code ON services (seller_id, carrier_id, code);

COMMENT ON COLUMN services.shipping_type IS 'TIKTOK, SELLER or BOTH';

COMMENT ON COLUMN services.goods_allowed IS 'bit mask as on SKUs';

COMMENT ON COLUMN services.volumetric_divisor IS 'cubic centimetres per kilogram; empty: not charged by volume';

COMMENT ON COLUMN services.capacity_per_day IS 'parcels a day; empty: no limit';

COMMENT ON COLUMN services.cutoff IS 'HH:MM at the warehouse';

COMMENT ON COLUMN services.collect_days IS 'digits, Monday = 1';

COMMENT ON COLUMN services.scan_hours IS 'hours from hand-over to the first scan';

CREATE TABLE bundle_parts (
    seller_id BIGINT NOT NULL,
    bundle_id BIGINT NOT NULL,
    part_id BIGINT NOT NULL,
    quantity INTEGER NOT NULL,
    CONSTRAINT bundle_parts_pkey PRIMARY KEY (seller_id, bundle_id, part_id),
    CONSTRAINT bundle_parts_seller_id_bundle_id_fkey FOREIGN KEY(seller_id, bundle_id) REFERENCES skus (seller_id, id),
    CONSTRAINT bundle_parts_seller_id_part_id_fkey FOREIGN KEY(seller_id, part_id) REFERENCES skus (seller_id, id)
);

CREATE TABLE listings (
    seller_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    platform_sku_id TEXT NOT NULL,
    sku_id BIGINT NOT NULL,
    CONSTRAINT listings_pkey PRIMARY KEY (seller_id, shop_id, platform_sku_id),
    CONSTRAINT listings_seller_id_sku_id_fkey FOREIGN KEY(seller_id, sku_id) REFERENCES skus (seller_id, id)
);

COMMENT ON COLUMN listings.shop_id IS '0: holds for every shop of the seller';

CREATE TABLE clocks (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    clock SMALLINT NOT NULL,
    party SMALLINT NOT NULL,
    starts_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    source SMALLINT NOT NULL,
    met_at BIGINT,
    pack TEXT NOT NULL,
    rule TEXT NOT NULL,
    CONSTRAINT clocks_pkey PRIMARY KEY (seller_id, order_id, clock),
    CONSTRAINT clocks_seller_id_order_id_fkey FOREIGN KEY(seller_id, order_id) REFERENCES orders (seller_id, id)
)
 WITH (fillfactor = 70);

CREATE INDEX clocks_due ON clocks (seller_id, clock, due_at) WHERE clock IN (0, 1);

COMMENT ON COLUMN clocks.clock IS 'index into deadlines.model.CLOCKS';

COMMENT ON COLUMN clocks.party IS 'index into deadlines.model.PARTIES';

COMMENT ON COLUMN clocks.source IS '0 pack, 1 platform';

CREATE TABLE stock_pool (
    seller_id BIGINT NOT NULL,
    sku_id BIGINT NOT NULL,
    on_hand BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    CONSTRAINT stock_pool_pkey PRIMARY KEY (seller_id, sku_id),
    CONSTRAINT stock_pool_pool_reserved CHECK (reserved >= 0),
    CONSTRAINT stock_pool_pool_no_oversell CHECK (on_hand >= reserved),
    CONSTRAINT stock_pool_seller_id_sku_id_fkey FOREIGN KEY(seller_id, sku_id) REFERENCES skus (seller_id, id)
);

CREATE TABLE stock (
    seller_id BIGINT NOT NULL,
    sku_id BIGINT NOT NULL,
    warehouse_id BIGINT NOT NULL,
    on_hand BIGINT NOT NULL,
    placed BIGINT NOT NULL,
    bin TEXT NOT NULL,
    CONSTRAINT stock_pkey PRIMARY KEY (seller_id, sku_id, warehouse_id),
    CONSTRAINT stock_stock_placed CHECK (placed >= 0),
    CONSTRAINT stock_stock_no_oversell CHECK (on_hand >= placed),
    CONSTRAINT stock_seller_id_sku_id_fkey FOREIGN KEY(seller_id, sku_id) REFERENCES skus (seller_id, id)
);

COMMENT ON COLUMN stock.placed IS 'reserved units that planning has put in this warehouse';

CREATE TABLE reservations (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    sku_id BIGINT NOT NULL,
    quantity INTEGER NOT NULL,
    warehouse_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT reservations_pkey PRIMARY KEY (seller_id, order_id, line_no, sku_id),
    CONSTRAINT reservations_seller_id_order_id_fkey FOREIGN KEY(seller_id, order_id) REFERENCES orders (seller_id, id)
)
 WITH (fillfactor = 50);

COMMENT ON COLUMN reservations.warehouse_id IS '0 until placed';

COMMENT ON COLUMN reservations.state IS 'reserved, placed, packed, released';

CREATE TABLE order_lines (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    platform_sku_id TEXT NOT NULL,
    seller_sku TEXT NOT NULL,
    sku_id BIGINT,
    product_name TEXT NOT NULL,
    variation TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price BIGINT,
    subtotal BIGINT,
    unit_ids TEXT NOT NULL,
    state TEXT NOT NULL,
    is_gift BOOLEAN NOT NULL,
    package_ref TEXT NOT NULL,
    CONSTRAINT order_lines_pkey PRIMARY KEY (seller_id, order_id, line_no),
    CONSTRAINT order_lines_seller_id_order_id_fkey FOREIGN KEY(seller_id, order_id) REFERENCES orders (seller_id, id)
);

COMMENT ON COLUMN order_lines.unit_ids IS 'JSON list: the platform''s line item id of every unit';

CREATE TABLE holds (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    blocks BOOLEAN NOT NULL,
    owner TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    released_at BIGINT,
    released_by TEXT NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT holds_pkey PRIMARY KEY (seller_id, order_id, code, since_at),
    CONSTRAINT holds_seller_id_order_id_fkey FOREIGN KEY(seller_id, order_id) REFERENCES orders (seller_id, id)
);

CREATE INDEX holds_open ON holds (seller_id, released_at, code);

CREATE TABLE decisions (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    warehouse_id BIGINT,
    service_id BIGINT,
    carton_id BIGINT,
    leave_at BIGINT,
    leave_day TEXT,
    cost BIGINT,
    penalty BIGINT,
    currency TEXT,
    why TEXT NOT NULL,
    refused_id BIGINT,
    CONSTRAINT decisions_pkey PRIMARY KEY (seller_id, order_id),
    CONSTRAINT decisions_seller_id_order_id_fkey FOREIGN KEY(seller_id, order_id) REFERENCES orders (seller_id, id)
);

COMMENT ON COLUMN decisions.leave_at IS 'hand-over the parcel is planned for';

COMMENT ON COLUMN decisions.leave_day IS 'its ISO date at the warehouse: the day whose capacity it takes';

COMMENT ON COLUMN decisions.penalty IS 'expected cost of lateness';

COMMENT ON COLUMN decisions.why IS 'JSON: chosen by, word on the carton, risk';

COMMENT ON COLUMN decisions.refused_id IS 'what was refused and why, in `refusals`; empty for nothing';

CREATE TABLE messages (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    ref TEXT NOT NULL,
    role TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    order_id BIGINT,
    actor TEXT NOT NULL,
    sealed BYTEA,
    CONSTRAINT messages_pkey PRIMARY KEY (seller_id, id),
    CONSTRAINT messages_seller_id_conversation_id_fkey FOREIGN KEY(seller_id, conversation_id) REFERENCES conversations (seller_id, id)
);

CREATE INDEX messages_order ON messages (seller_id, order_id);

CREATE UNIQUE INDEX messages_ref ON messages (seller_id, conversation_id, ref);

COMMENT ON COLUMN messages.ref IS 'the platform''s id; of ours on its way: `out ` and our id';

COMMENT ON COLUMN messages.role IS 'BUYER, SHOP, CUSTOMER_SERVICE, SYSTEM, ROBOT';

COMMENT ON COLUMN messages.state IS 'told, draft, sent, declined';

COMMENT ON COLUMN messages.actor IS 'who of us wrote it';

COMMENT ON COLUMN messages.sealed IS 'the words, encrypted; empty once erased';

CREATE TABLE packages (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    platform_ref TEXT NOT NULL,
    state TEXT NOT NULL,
    tag TEXT NOT NULL,
    wave_id BIGINT,
    warehouse_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    carton_id BIGINT,
    carrier_name TEXT NOT NULL,
    tracking_number TEXT NOT NULL,
    label_origin TEXT NOT NULL,
    label_id BIGINT,
    weight_g INTEGER NOT NULL,
    arranged_at BIGINT,
    packed_at BIGINT,
    reported_at BIGINT,
    handed_over_at BIGINT,
    first_scan_at BIGINT,
    delivered_at BIGINT,
    CONSTRAINT packages_pkey PRIMARY KEY (seller_id, id),
    CONSTRAINT packages_seller_id_order_id_fkey FOREIGN KEY(seller_id, order_id) REFERENCES orders (seller_id, id)
)
 WITH (fillfactor = 50);

CREATE INDEX packages_number ON packages (seller_id, tracking_number);

CREATE INDEX packages_order ON packages (seller_id, order_id);

CREATE INDEX packages_ref ON packages (seller_id, platform_ref) WHERE platform_ref != '';

CREATE INDEX packages_wave ON packages (seller_id, wave_id);

COMMENT ON COLUMN packages.order_id IS 'whose units it holds';

COMMENT ON COLUMN packages.platform_ref IS 'the platform''s package; combined orders share one';

COMMENT ON COLUMN packages.tag IS ''''' , SPLIT or COMBINE';

COMMENT ON COLUMN packages.service_id IS '0: the platform''s carrier';

COMMENT ON COLUMN packages.label_origin IS 'own, carrier or platform';

COMMENT ON COLUMN packages.label_id IS 'attached label file; empty for labels we render ourselves';

COMMENT ON COLUMN packages.reported_at IS 'the platform has taken our tracking number';

CREATE TABLE lanes (
    seller_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    origin TEXT NOT NULL,
    destination TEXT NOT NULL,
    CONSTRAINT lanes_pkey PRIMARY KEY (seller_id, service_id, origin, destination),
    CONSTRAINT lanes_seller_id_service_id_fkey FOREIGN KEY(seller_id, service_id) REFERENCES services (seller_id, id)
);

COMMENT ON COLUMN lanes.origin IS 'country or warehouse code; * for any';

COMMENT ON COLUMN lanes.destination IS 'country; * for any';

CREATE TABLE approvals (
    seller_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    market TEXT NOT NULL,
    CONSTRAINT approvals_pkey PRIMARY KEY (seller_id, service_id, market),
    CONSTRAINT approvals_seller_id_service_id_fkey FOREIGN KEY(seller_id, service_id) REFERENCES services (seller_id, id)
);

COMMENT ON COLUMN approvals.market IS 'the platform''s market that approved the service; * for any';

CREATE TABLE rates (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    warehouse TEXT NOT NULL,
    zone_country TEXT NOT NULL,
    zone_region TEXT NOT NULL,
    zone_postal_prefix TEXT NOT NULL,
    weight_from_g INTEGER NOT NULL,
    weight_to_g INTEGER NOT NULL,
    base BIGINT NOT NULL,
    per_kg BIGINT NOT NULL,
    surcharge_name TEXT NOT NULL,
    surcharge BIGINT NOT NULL,
    currency TEXT NOT NULL,
    CONSTRAINT rates_pkey PRIMARY KEY (seller_id, id),
    CONSTRAINT rates_seller_id_service_id_fkey FOREIGN KEY(seller_id, service_id) REFERENCES services (seller_id, id)
);

CREATE INDEX rates_service ON rates (seller_id, service_id);

COMMENT ON COLUMN rates.warehouse IS 'code or *';

COMMENT ON COLUMN rates.zone_region IS 'empty: any';

COMMENT ON COLUMN rates.zone_postal_prefix IS 'empty: any';

COMMENT ON COLUMN rates.weight_from_g IS 'exclusive';

COMMENT ON COLUMN rates.weight_to_g IS 'inclusive';

COMMENT ON COLUMN rates.base IS 'minor units';

COMMENT ON COLUMN rates.per_kg IS 'minor units a started kilogram above weight_from_g';

CREATE TABLE number_ranges (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    suffix TEXT NOT NULL,
    width INTEGER NOT NULL,
    check_rule TEXT NOT NULL,
    first_number BIGINT NOT NULL,
    next_number BIGINT NOT NULL,
    last_number BIGINT NOT NULL,
    CONSTRAINT number_ranges_pkey PRIMARY KEY (seller_id, id),
    CONSTRAINT number_ranges_number_range_left CHECK (next_number <= last_number + 1),
    CONSTRAINT number_ranges_seller_id_service_id_fkey FOREIGN KEY(seller_id, service_id) REFERENCES services (seller_id, id)
);

COMMENT ON COLUMN number_ranges.check_rule IS 'none, mod10 or s10';

COMMENT ON COLUMN number_ranges.first_number IS 'with prefix and suffix it names the range';

CREATE TABLE parcel_events (
    seller_id BIGINT NOT NULL,
    package_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    place TEXT NOT NULL,
    source TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    CONSTRAINT parcel_events_pkey PRIMARY KEY (seller_id, package_id, at, kind),
    CONSTRAINT parcel_events_seller_id_package_id_fkey FOREIGN KEY(seller_id, package_id) REFERENCES packages (seller_id, id)
);

COMMENT ON COLUMN parcel_events.kind IS 'first_scan, in_transit, delivered, exception, returned or the carrier''s word';

CREATE TABLE handover_slots (
    seller_id BIGINT NOT NULL,
    package_id BIGINT NOT NULL,
    method TEXT NOT NULL,
    from_at BIGINT,
    to_at BIGINT,
    told_at BIGINT NOT NULL,
    CONSTRAINT handover_slots_pkey PRIMARY KEY (seller_id, package_id),
    CONSTRAINT handover_slots_seller_id_package_id_fkey FOREIGN KEY(seller_id, package_id) REFERENCES packages (seller_id, id)
);

COMMENT ON COLUMN handover_slots.method IS 'PICKUP, DROP_OFF or the platform''s other word';

CREATE TABLE first_mile_parcels (
    seller_id BIGINT NOT NULL,
    package_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    bundle_id BIGINT,
    last_mile_number TEXT NOT NULL,
    domestic_scan_at BIGINT,
    sorting_in_at BIGINT,
    refused_at BIGINT,
    refused_why TEXT NOT NULL,
    CONSTRAINT first_mile_parcels_pkey PRIMARY KEY (seller_id, package_id),
    CONSTRAINT first_mile_parcels_seller_id_package_id_fkey FOREIGN KEY(seller_id, package_id) REFERENCES packages (seller_id, id)
);

CREATE INDEX first_mile_parcels_bundle ON first_mile_parcels (seller_id, bundle_id);

CREATE INDEX first_mile_parcels_order ON first_mile_parcels (seller_id, order_id);

COMMENT ON COLUMN first_mile_parcels.bundle_id IS 'empty: not in a bundle, or taken out by the platform';

COMMENT ON COLUMN first_mile_parcels.sorting_in_at IS 'accepted at the platform''s sorting warehouse';

CREATE TABLE package_items (
    seller_id BIGINT NOT NULL,
    package_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    sku_id BIGINT NOT NULL,
    quantity INTEGER NOT NULL,
    scanned INTEGER NOT NULL,
    CONSTRAINT package_items_pkey PRIMARY KEY (seller_id, package_id, order_id, line_no, sku_id),
    CONSTRAINT package_items_seller_id_package_id_fkey FOREIGN KEY(seller_id, package_id) REFERENCES packages (seller_id, id)
);

COMMENT ON COLUMN package_items.sku_id IS 'the part for bundles';

