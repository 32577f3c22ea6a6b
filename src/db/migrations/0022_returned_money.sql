-- Money that goes back by itself, by when it was told of: the sellers' balances of a day have it.
create index postings_of_returned_money on postings (book, debit_account, business_at)
  where kind = 'pending' and reason = 'money_returned';
