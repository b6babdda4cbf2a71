import Testing

@testable import Planner

@Suite("Every function that the hosted service documents is there")
struct HostedFunctionTests {
    static let aggregates = """
        count sum avg mean min max median percentile_cont approx_percentile_cont approx_percentile_cont_with_weight \
        approx_median approx_distinct approx_top_k var var_samp var_pop stddev stddev_samp stddev_pop covar_samp covar \
        covar_pop corr regr_slope regr_intercept regr_count regr_r2 regr_avgx regr_avgy regr_sxx regr_syy regr_sxy \
        bit_and bit_or bit_xor bool_and bool_or first_value last_value nth_value array_agg string_agg \
        percentile_disc mode arg_min arg_max approx_percentile
        """
    static let windows = """
        row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
        """
    static let scalars = """
        arrow_typeof coalesce greatest least nullif nvl ifnull nvl2 overlay digest md5 sha224 sha256 sha384 sha512 \
        encode decode current_date today current_time date_bin date_trunc datetrunc from_unixtime make_date make_time \
        now current_timestamp to_char date_format to_date to_local_time to_time to_timestamp to_timestamp_seconds \
        to_timestamp_millis to_timestamp_micros to_timestamp_nanos to_unixtime json_as_text json_contains json_get \
        json_get_array json_get_bool json_get_float json_get_int json_get_json json_get_str json_length extract_json \
        extract_json_string abs cbrt ceil degrees exp factorial floor gcd lcm isnan iszero ln log log2 log10 nanvl pi \
        power pow radians random round signum sqrt trunc sin cos tan cot asin acos atan atan2 sinh cosh tanh asinh \
        acosh atanh regexp_count regexp_instr regexp_like regexp_match regexp_replace ascii bit_length btrim trim chr \
        concat concat_ws contains ends_with levenshtein lower ltrim octet_length repeat replace rtrim split_part \
        starts_with to_hex upper uuid character_length length char_length find_in_set initcap left lpad reverse right \
        rpad strpos instr position substr substring substr_index substring_index translate make_array \
        string_to_array range generate_series array_length cardinality empty array_ndims array_dims array_has \
        array_has_all array_has_any array_position array_positions array_sort array_reverse array_distinct flatten \
        array_slice array_append array_prepend array_concat array_remove array_remove_n array_remove_all array_replace \
        array_replace_n array_replace_all array_pop_back array_pop_front array_repeat array_resize array_intersect \
        array_union array_except array_max array_min array_any_value array_element array_to_string map map_keys \
        map_values map_extract map_entries array_cat array_contains array_extract array_indexof array_join \
        array_push_back array_push_front url_host url_path url_parameter cidr_contains ip_truncate ip_hash
        """
    /// Forms with types or grammar of their own.
    static let forms = "arrow_cast get_field named_struct struct row date_part datepart extract if"

    static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    @Test("aggregates")
    func aggregates() {
        #expect(Self.words(Self.aggregates).filter { AggregateRegistry.find($0) == nil } == [])
    }

    @Test("window functions")
    func windows() {
        #expect(Self.words(Self.windows).filter { WindowRegistry.find($0) == nil } == [])
    }

    @Test("functions over rows")
    func scalars() {
        #expect(Self.words(Self.scalars).filter { FunctionRegistry.find($0) == nil } == [])
    }

    @Test(
        "forms",
        arguments: [
            "arrow_cast(1, 'Int64')", "get_field(named_struct('a', 1), 'a')", "struct(1)", "row(1, 2)",
            "date_part('year', DATE '2026-01-01')", "datepart('year', DATE '2026-01-01')",
            "extract(year FROM DATE '2026-01-01')", "if(TRUE, 1, 2)", "'{\"a\": 1}' -> 'a'",
            "'{\"a\": 1}' ->> 'a'", "TRY_CAST('x' AS INT)", "INTERVAL 7 DAY", "[1, 2][1]",
            "TIMESTAMP '2026-01-01 00:00:00' AT TIME ZONE 'UTC'",
        ])
    func forms(_ text: String) throws {
        _ = try PlannerFixture.plan("SELECT \(text)")
    }
}
