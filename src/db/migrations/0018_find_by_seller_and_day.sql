-- Lists of one day, one seller or what is still held, whatever else a platform has had.
create index settlements_by_date on settlements (book, platform_id, business_date, id);
create index payouts_by_merchant on payouts (book, merchant_id, id);
create index holds_by_merchant on holds (book, merchant_id, id);
create index holds_open on holds (book, platform_id, id) where state in ('held', 'releasing');
create index holds_disputed on holds (book, platform_id, id) where disputed_at is not null;
create index payouts_unpaid on payouts (book, platform_id, id) where state <> 'succeeded';
