ALTER TABLE plans
    ADD COLUMN IF NOT EXISTS rest_burst INTEGER COMMENT 'requests at once; NULL is no limit',
    ADD COLUMN IF NOT EXISTS rest_per_second DOUBLE COMMENT 'requests a second; NULL is no limit',
    ADD COLUMN IF NOT EXISTS rest_operating_seconds INTEGER
        COMMENT 'of each method in ten minutes; NULL is no limit';

UPDATE plans SET rest_burst = 50, rest_per_second = 2, rest_operating_seconds = 480
    WHERE rest_burst IS NULL AND code IN ('project', 'team');

UPDATE plans SET rest_burst = 250, rest_per_second = 5, rest_operating_seconds = 480
    WHERE rest_burst IS NULL AND code = 'company';
