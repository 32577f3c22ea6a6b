-- Apps and mini programs pay too. What is there already fits, and is looked at by the next file:
-- no lock is held while it is read.
alter table attempts drop constraint attempts_presentation_check;
alter table attempts add constraint attempts_presentation_check
  check (presentation in ('qr', 'page', 'h5', 'in_app', 'app', 'mini_program')) not valid;
