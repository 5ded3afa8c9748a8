CREATE TABLE journal (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    data TEXT NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL,
    CONSTRAINT journal_pkey PRIMARY KEY (seller_id, order_id, seq)
)
 WITHOUT ROWID;

CREATE INDEX journal_at ON journal (seller_id, at);

CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'journal rows never change'); END;

CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal WHEN NOT EXISTS (SELECT 1 FROM settings WHERE seller_id = 0 AND key = 'journal.archiving') BEGIN SELECT RAISE(ABORT, 'journal rows never change'); END;

CREATE TABLE journal_checkpoints (
    seller_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    leaves BIGINT NOT NULL,
    root BLOB NOT NULL,
    prev BLOB NOT NULL,
    public_key BLOB NOT NULL,
    signature BLOB NOT NULL,
    CONSTRAINT journal_checkpoints_pkey PRIMARY KEY (seller_id, number)
);

CREATE TABLE journal_leaves (
    seller_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT journal_leaves_pkey PRIMARY KEY (seller_id, number, order_id)
)
 WITHOUT ROWID;

CREATE INDEX journal_leaves_order ON journal_leaves (seller_id, order_id, seq);

CREATE TABLE effects (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    "key" TEXT NOT NULL,
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

CREATE UNIQUE INDEX effects_key ON effects (seller_id, "key");

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

CREATE TABLE people (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    sealed BLOB,
    name_hash BLOB,
    phone_hash BLOB,
    erased_at BIGINT,
    erased_why TEXT,
    CONSTRAINT people_pkey PRIMARY KEY (seller_id, order_id)
);

CREATE INDEX people_name ON people (seller_id, name_hash);

CREATE INDEX people_phone ON people (seller_id, phone_hash);

CREATE TABLE payloads (
    seller_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    at BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    CONSTRAINT payloads_pkey PRIMARY KEY (seller_id, order_id, source)
);

CREATE TABLE seller_keys (
    seller_id BIGINT NOT NULL,
    wrapped BLOB NOT NULL,
    signing BLOB NOT NULL,
    public_key BLOB NOT NULL,
    created_ms BIGINT NOT NULL,
    CONSTRAINT seller_keys_pkey PRIMARY KEY (seller_id)
);

CREATE TABLE settings (
    seller_id BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    updated_ms BIGINT NOT NULL,
    CONSTRAINT settings_pkey PRIMARY KEY (seller_id, "key")
);

CREATE TABLE worker_cron (
    seller_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    ran_at BIGINT,
    worker TEXT NOT NULL,
    CONSTRAINT worker_cron_pkey PRIMARY KEY (seller_id, name)
);

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

CREATE TABLE api_tokens (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    token_hash BLOB NOT NULL,
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

CREATE TABLE login_attempts (
    seller_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject BLOB NOT NULL,
    failures INTEGER NOT NULL,
    last_ms BIGINT NOT NULL,
    CONSTRAINT login_attempts_pkey PRIMARY KEY (seller_id, kind, subject)
);

CREATE INDEX login_attempts_last ON login_attempts (seller_id, last_ms);

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

CREATE TABLE api_requests (
    seller_id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    "key" TEXT NOT NULL,
    digest BLOB NOT NULL,
    status INTEGER,
    answer BLOB,
    media TEXT NOT NULL,
    begun_ms BIGINT NOT NULL,
    CONSTRAINT api_requests_pkey PRIMARY KEY (seller_id, actor, "key")
);

CREATE INDEX api_requests_begun ON api_requests (seller_id, begun_ms);

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
    callback_secret BLOB,
    sender TEXT NOT NULL,
    cod_allowed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT shops_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX shops_name ON shops (seller_id, name);

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
    body BLOB,
    CONSTRAINT notices_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX notices_due ON notices (seller_id, state, kind, due_ms);

CREATE UNIQUE INDEX notices_once ON notices (seller_id, notification_id);

CREATE TABLE notice_counts (
    seller_id BIGINT NOT NULL,
    app_key TEXT NOT NULL,
    what TEXT NOT NULL,
    count BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    CONSTRAINT notice_counts_pkey PRIMARY KEY (seller_id, app_key, what)
);

CREATE TABLE apps (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    app_key TEXT NOT NULL,
    secret BLOB NOT NULL,
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

CREATE TABLE consents (
    seller_id BIGINT NOT NULL,
    state_hash BLOB NOT NULL,
    app_id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    used_ms BIGINT,
    CONSTRAINT consents_pkey PRIMARY KEY (seller_id, state_hash)
);

CREATE TABLE grants (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    app_id BIGINT NOT NULL,
    open_id TEXT NOT NULL,
    seller_name TEXT NOT NULL,
    base_region TEXT NOT NULL,
    scopes TEXT NOT NULL,
    access_token BLOB NOT NULL,
    refresh_token BLOB NOT NULL,
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

CREATE TABLE extensions (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    body TEXT NOT NULL,
    announced_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT extensions_pkey PRIMARY KEY (seller_id, id)
);

CREATE TABLE calendar_changes (
    seller_id BIGINT NOT NULL,
    calendar TEXT NOT NULL,
    day TEXT NOT NULL,
    open SMALLINT NOT NULL,
    why TEXT NOT NULL,
    CONSTRAINT calendar_changes_pkey PRIMARY KEY (seller_id, calendar, day)
);

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
)
 WITHOUT ROWID;

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
    digest BLOB NOT NULL,
    taken_at BIGINT NOT NULL,
    due_at BIGINT,
    due_clock TEXT,
    pack TEXT,
    version INTEGER NOT NULL,
    journal_seq BIGINT NOT NULL,
    journal_head BLOB NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (seller_id, id)
);

CREATE INDEX orders_state ON orders (seller_id, state, created_at);

CREATE INDEX orders_station ON orders (seller_id, station, due_at, id);

CREATE INDEX orders_twin ON orders (seller_id, twin);

CREATE UNIQUE INDEX orders_platform ON orders (seller_id, shop_id, platform_order_id);

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

CREATE TABLE refusals (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    refused TEXT NOT NULL,
    CONSTRAINT refusals_pkey PRIMARY KEY (seller_id, id)
);

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

CREATE TABLE label_files (
    seller_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    sealed BLOB,
    at BIGINT NOT NULL,
    CONSTRAINT label_files_pkey PRIMARY KEY (seller_id, id)
);

CREATE UNIQUE INDEX label_files_digest ON label_files (seller_id, digest);

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

CREATE TABLE sessions (
    seller_id BIGINT NOT NULL,
    token_hash BLOB NOT NULL,
    user_id BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (seller_id, token_hash),
    CONSTRAINT sessions_seller_id_user_id_fkey FOREIGN KEY(seller_id, user_id) REFERENCES users (seller_id, id)
);

CREATE INDEX sessions_user ON sessions (seller_id, user_id);

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
 WITHOUT ROWID;

CREATE INDEX clocks_due ON clocks (seller_id, clock, due_at) WHERE clock IN (0, 1);

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
 WITHOUT ROWID;

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
)
 WITHOUT ROWID;

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
)
 WITHOUT ROWID;

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
    sealed BLOB,
    CONSTRAINT messages_pkey PRIMARY KEY (seller_id, id),
    CONSTRAINT messages_seller_id_conversation_id_fkey FOREIGN KEY(seller_id, conversation_id) REFERENCES conversations (seller_id, id)
);

CREATE INDEX messages_order ON messages (seller_id, order_id);

CREATE UNIQUE INDEX messages_ref ON messages (seller_id, conversation_id, ref);

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
);

CREATE INDEX packages_number ON packages (seller_id, tracking_number);

CREATE INDEX packages_order ON packages (seller_id, order_id);

CREATE INDEX packages_ref ON packages (seller_id, platform_ref) WHERE platform_ref != '';

CREATE INDEX packages_wave ON packages (seller_id, wave_id);

CREATE TABLE lanes (
    seller_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    origin TEXT NOT NULL,
    destination TEXT NOT NULL,
    CONSTRAINT lanes_pkey PRIMARY KEY (seller_id, service_id, origin, destination),
    CONSTRAINT lanes_seller_id_service_id_fkey FOREIGN KEY(seller_id, service_id) REFERENCES services (seller_id, id)
);

CREATE TABLE approvals (
    seller_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    market TEXT NOT NULL,
    CONSTRAINT approvals_pkey PRIMARY KEY (seller_id, service_id, market),
    CONSTRAINT approvals_seller_id_service_id_fkey FOREIGN KEY(seller_id, service_id) REFERENCES services (seller_id, id)
);

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
)
 WITHOUT ROWID;

