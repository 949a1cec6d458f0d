//! What can be wrong with an entry: reasons to reject it, and flags on an event that was kept.
//!
//! Owns the closed lists of codes; never decides. The texts are for people, the codes for programs.

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal, $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)* }
        impl $name {
            /// Every code.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];
            /// The code that programs may rely on.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $($name::$variant => $code,)* } }
            /// One sentence for people.
            #[must_use]
            pub const fn text(self) -> &'static str { match self { $($name::$variant => $text,)* } }
            /// The variant of a code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> { Self::ALL.iter().copied().find(|c| c.code() == code) }
        }
    };
}

codes! {
    /// Why an entry holds no event. Its bytes are kept all the same.
    RejectCode {
        /// More bytes than one entry may have.
        TooLong = "too_long", "the entry is longer than the limit";
        /// JSON nested deeper than 128.
        TooDeep = "too_deep", "the JSON is nested too deeply";
        /// JSON that does not parse.
        InvalidJson = "invalid_json", "the entry is not valid JSON";
        /// A JSON value that is not an object where an object is an entry.
        NotAnObject = "not_an_object", "the entry is not a JSON object";
        /// The source ends inside the entry.
        CutOff = "cut_off", "the source ends inside this entry";
        /// A quote that is never closed.
        UnclosedQuote = "unclosed_quote", "a quoted field is never closed";
        /// Bytes that are not text in the source's encoding and leave no readable entry.
        NotText = "not_text", "the entry is not text in the encoding of the source";
        /// A line that fits no known shape where the rest does.
        NotRecognised = "not_recognised", "the line does not have the shape of the others";
    }
}

codes! {
    /// What a reader of an event must know about it. The event is kept.
    Flag {
        /// The same key twice in one JSON object; mapped fields show both values, as the raw entry does.
        DuplicateKey = "duplicate_key", "a key stands twice in the entry";
        /// An integer that a double cannot hold.
        BigNumber = "big_number", "a number is beyond 2^53; its digits are kept as text";
        /// A value is `NaN` or `Infinity`, which JSON does not have; it is read as absent.
        NotANumber = "not_a_number", "NaN and Infinity are no JSON; those values are read as absent";
        /// A time that cannot be read.
        UnreadableTime = "unreadable_time", "the time cannot be read";
        /// A time without a zone, where nobody chose one.
        ZoneMissing = "zone_missing", "the time names no zone and none was chosen; read the source anew with a zone";
        /// A date of numbers whose order nobody chose.
        DateOrderMissing = "date_order_missing", "day and month cannot be told apart and no order was chosen; read the source anew with a date order";
        /// No time at all.
        NoTime = "no_time", "the entry has no time";
        /// A relative time such as `5 minutes ago`.
        RelativeTime = "relative_time", "the time is relative; the moment it counts from is not in the export";
        /// Outside 1990 .. import + 24 h.
        OutOfRange = "out_of_range", "the time is before 1990 or after the import";
        /// A local hour that happens twice.
        AmbiguousHour = "ambiguous_hour", "the local time happened twice when clocks went back; the earlier is shown";
        /// A local hour that never happened.
        SkippedHour = "skipped_hour", "the local time was skipped when clocks went forward";
        /// A leap second (`:60`), shown as the second before.
        LeapSecond = "leap_second", "a leap second is shown as the second before it";
        /// Fewer columns than the header.
        TooFewFields = "too_few_fields", "the row has fewer fields than the header";
        /// More columns than the header.
        TooManyFields = "too_many_fields", "the row has more fields than the header";
        /// A quote inside an unquoted field, or text after a closing quote.
        StrayQuote = "stray_quote", "a quote stands where none belongs";
        /// Bytes that are not valid in the source's encoding.
        InvalidEncoding = "invalid_encoding", "some bytes are not text in the encoding of the source";
        /// Control, bidi or zero-width characters.
        HiddenCharacters = "hidden_characters", "the entry contains hidden characters";
        /// NUL bytes.
        Nul = "nul", "the entry contains NUL";
        /// The value is as long as exporters cut at, or ends in an ellipsis.
        CutByExporter = "cut_by_exporter", "a value was cut by the exporter";
        /// Digits that pass as a payment card number.
        CardNumber = "card_number", "a value looks like a payment card number";
        /// An address that cannot be read.
        UnreadableAddress = "unreadable_address", "the address cannot be read";
        /// The same vendor id with other content stands in the case.
        IdConflict = "id_conflict", "another event with the same id has other content";
        /// No profile knows the entry; it is kept as it is.
        Opaque = "opaque", "no time, actor or action was recognised; the entry is kept as it is";
        /// A day without an hour.
        TimeIsADay = "time_is_a_day", "the log gives the day and no hour; the event stands at its midnight";
    }
}
