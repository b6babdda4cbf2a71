#include "fields.hpp"

#include <new>

namespace firn {

/// Reads events into the fields' buffers, batch by batch.
class EventReader {
  public:
    EventReader(
        const firn_json_field *fields, size_t count, bool unstructured, bool rejects_unknown, size_t row_limit)
        : names_(names_of(fields, count)), is_unstructured_(unstructured), rejects_unknown_(rejects_unknown),
          row_limit_(row_limit) {
        fields_.reserve(count);
        for (size_t i = 0; i < count; i++) fields_.emplace_back(fields[i], row_limit);
        seen_.assign(count, 0);
        faults_.assign(count, {FIRN_JSON_FITS, 0, 0});
        for (auto *list : {&event_indexes_, &event_starts_, &event_ends_}) list->assign(row_limit, 0);
    }

    firn_json_status start(const uint8_t *body, size_t length, firn_json_framing framing, firn_json_fault *fault) {
        framing_ = framing;
        event_count_ = 0;
        // What one large body needed is not kept for the small ones that follow.
        if (length < kept_bytes / 16) structure_.trim(kept_bytes);
        length_ = length;
        firn_json_status status = walk_.begin(structure_, body, length, framing);
        return status == FIRN_JSON_MALFORMED ? explain(body, length, framing, fault) : status;
    }

    firn_json_status next(const uint8_t *body, firn_json_rows *rows, firn_json_fault *fault) {
        walk_.moved(body);
        row_ = 0;
        unknown_count_ = 0;
        misfits_.clear();
        for (FieldBuffer &field : fields_) field.clear();
        bool is_end = false;
        int64_t text_end = walk_.place(walk_.position()) + FIRN_JSON_PART_BYTES;
        while (row_ < row_limit_ && misfits_.size() < misfit_limit && walk_.place(walk_.position()) < text_end) {
            if (!walk_.has_event()) {
                is_end = true;
                break;
            }
            int64_t unknown_count = unknown_count_;
            bool is_read = event();
            while (!is_read && walk_.reload()) {
                unknown_count_ = unknown_count;
                is_read = event();
            }
            if (!is_read) break;
            walk_.event_done();
            event_count_ += 1;
        }
        if (walk_.stop != Stop::none) {
            return explain(body, length_, framing_, fault);
        }
        for (FieldBuffer &field : fields_) field.finish(row_);
        *rows = {static_cast<int64_t>(row_), unknown_count_, static_cast<int64_t>(misfits_.size()), misfits_.data(),
                 event_indexes_.data(), event_starts_.data(), event_ends_.data(), event_count_, is_end};
        return FIRN_JSON_OK;
    }

    void describe(size_t field, firn_json_values *out) const { fields_[field].describe(row_, out); }

  private:
    struct Fault {
        firn_json_misfit_code code;
        uint32_t start;
        uint32_t end;
    };

    /// What a reader keeps of the body before.
    static constexpr size_t kept_bytes = 16 << 20;
    /// A batch ends early at so many misfits. Heaps need no bound of their own: no value is longer than its text.
    static constexpr size_t misfit_limit = FIRN_JSON_ROW_LIMIT;

    FieldNames names_;
    std::vector<FieldBuffer> fields_;
    bool is_unstructured_;
    bool rejects_unknown_;
    size_t row_limit_;
    firn_json_framing framing_ = FIRN_JSON_DETECT;
    size_t length_ = 0;
    Structure structure_;
    EventWalk walk_;
    FieldReader reader_;
    size_t row_ = 0;
    int64_t event_count_ = 0;
    int64_t unknown_count_ = 0;
    std::vector<firn_json_misfit> misfits_;
    std::vector<int64_t> event_indexes_, event_starts_, event_ends_;
    /// Counts attempts to read an event.
    int64_t attempt_ = 0;
    /// The attempt each field was last seen in, and what was wrong there.
    std::vector<int64_t> seen_;
    std::vector<Fault> faults_;
    /// Names with escapes.
    std::vector<uint8_t> name_;

    static std::vector<std::string> names_of(const firn_json_field *fields, size_t count) {
        std::vector<std::string> names;
        for (size_t i = 0; i < count; i++) {
            names.emplace_back(fields[i].name, static_cast<size_t>(fields[i].name_length));
        }
        return names;
    }

    bool event() {
        attempt_ += 1;
        int64_t start = walk_.place(walk_.position());
        int depth = walk_.depth();
        firn_json_misfit misfit = {event_count_, FIRN_JSON_FITS, -1, start, 0, 0, 0};
        if (is_unstructured_) {
            if (!whole(depth, misfit)) return false;
        } else if (walk_.character() == '{') {
            if (!members(depth, misfit)) return false;
        } else {
            if (!walk_.skip_value(depth)) return false;
            misfit = {event_count_, FIRN_JSON_NOT_AN_OBJECT, -1, start, 0, start, walk_.place(walk_.value_end())};
        }
        misfit.event_end = walk_.place(walk_.value_end());
        if (misfit.code != FIRN_JSON_FITS) {
            misfits_.push_back(misfit);
            return true;
        }
        event_indexes_[row_] = event_count_;
        event_starts_[row_] = start;
        event_ends_[row_] = misfit.event_end;
        row_ += 1;
        return true;
    }

    bool whole(int depth, firn_json_misfit &misfit) {
        uint32_t start = walk_.position();
        if (!walk_.skip_value(depth)) return false;
        uint32_t end = walk_.value_end();
        fields_[0].set_string(row_, walk_.text + start, end - start);
        fields_[0].set_valid(row_);
        return misfit.code == FIRN_JSON_FITS;
    }

    bool members(int depth, firn_json_misfit &misfit) {
        walk_.at += 1;
        size_t found = 0;
        bool has_fault = false;
        if (walk_.character() == '}') {
            walk_.at += 1;
        } else {
            int previous = FieldNames::none;
            while (true) {
                int field;
                uint32_t name_start, name_end;
                if (!name(previous, field, name_start, name_end)) return false;
                if (field == FieldNames::none) {
                    unknown_count_ += 1;
                    if (rejects_unknown_ && misfit.code == FIRN_JSON_FITS) {
                        misfit.code = FIRN_JSON_UNKNOWN_FIELD;
                        misfit.found_start = walk_.place(name_start);
                        misfit.found_end = walk_.place(name_end);
                    }
                    if (!walk_.skip_value(depth + 1)) return false;
                } else {
                    previous = field;
                    if (!member(static_cast<size_t>(field), depth, found, has_fault)) return false;
                }
                if (walk_.character() == ',') {
                    walk_.at += 1;
                    continue;
                }
                if (!walk_.take('}')) return false;
                break;
            }
        }
        if (found < fields_.size() || has_fault) settle(has_fault, misfit);
        return true;
    }

    /// Moves over a member's name and colon.
    bool name(int previous, int &field, uint32_t &start, uint32_t &end) {
        if (walk_.character() != '"') return walk_.fail();
        start = walk_.position() + 1;
        end = walk_.string_end();
        const uint8_t *text = walk_.text + start;
        size_t size = end - start;
        if (walk_.has_escape(end)) {
            name_.resize(size + 1);
            ptrdiff_t written = unescape(text, walk_.text + end, name_.data());
            walk_.seek_backslash(end);
            if (written < 0) return walk_.fail();
            text = name_.data();
            size = static_cast<size_t>(written);
        }
        field = names_.find(previous, text, size);
        walk_.at += 1;
        return walk_.take(':');
    }

    /// A name that comes twice keeps the last value, and only that one is judged.
    bool member(size_t field, int depth, size_t &found, bool &has_fault) {
        uint32_t start = walk_.position();
        firn_json_misfit_code code;
        if (!reader_.read(fields_[field], walk_, depth + 1, row_, walk_.place(0), code)) return false;
        bool is_first = seen_[field] != attempt_;
        if (is_first) {
            seen_[field] = attempt_;
            found += 1;
        }
        if (code != FIRN_JSON_FITS || !is_first || has_fault) {
            uint32_t end = walk_.value_end();
            faults_[field] = {code, start, end};
            if (!has_fault && code != FIRN_JSON_FITS) {
                // The fields seen before this one fit.
                for (size_t i = 0; i < fields_.size(); i++) {
                    if (i != field && seen_[i] == attempt_) faults_[i].code = FIRN_JSON_FITS;
                }
                has_fault = true;
            }
        }
        return true;
    }

    /// Fills in what is missing, and names the first field of the schema that does not fit.
    void settle(bool has_fault, firn_json_misfit &misfit) {
        bool is_named = misfit.code != FIRN_JSON_FITS;
        for (size_t i = 0; i < fields_.size(); i++) {
            Fault fault = {FIRN_JSON_FITS, 0, 0};
            if (seen_[i] != attempt_ && fields_[i].default_kind != FIRN_JSON_NO_DEFAULT) {
                reader_.read_default(fields_[i], row_);
            } else if (seen_[i] != attempt_) {
                fields_[i].set_null(row_);
                if (fields_[i].is_required) fault.code = FIRN_JSON_MISSING_FIELD;
            } else if (has_fault) {
                fault = faults_[i];
            }
            if (fault.code == FIRN_JSON_FITS || is_named) continue;
            is_named = true;
            misfit.code = fault.code;
            misfit.field = static_cast<int32_t>(i);
            misfit.found_start = fault.start < fault.end ? walk_.place(fault.start) : 0;
            misfit.found_end = fault.start < fault.end ? walk_.place(fault.end) : 0;
        }
    }
};

} // namespace firn

struct firn_json_columns {
    firn::EventReader reader;
};

namespace {

template <class Body> firn_json_status guarded(Body &&body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return FIRN_JSON_NO_MEMORY;
    } catch (...) {
        return FIRN_JSON_DEFECT;
    }
}

} // namespace

extern "C" {

firn_json_status firn_json_columns_open(
    const firn_json_field *fields, int32_t field_count, int32_t unstructured, int32_t rejects_unknown,
    int32_t row_limit, firn_json_columns **out) {
    *out = nullptr;
    if (row_limit < 1 || row_limit > FIRN_JSON_ROW_LIMIT) return FIRN_JSON_DEFECT;
    return guarded([&] {
        size_t count = static_cast<size_t>(field_count);
        *out = new firn_json_columns{
            {fields, count, unstructured != 0, rejects_unknown != 0, static_cast<size_t>(row_limit)}};
        return FIRN_JSON_OK;
    });
}

void firn_json_columns_close(firn_json_columns *columns) { delete columns; }

firn_json_status firn_json_columns_start(
    firn_json_columns *columns, const uint8_t *body, int64_t length, firn_json_framing framing,
    firn_json_fault *fault) {
    *fault = {};
    if (length < 0 || length > FIRN_JSON_BODY_LIMIT) return FIRN_JSON_TOO_LARGE;
    return guarded([&] { return columns->reader.start(body, static_cast<size_t>(length), framing, fault); });
}

firn_json_status firn_json_columns_next(
    firn_json_columns *columns, const uint8_t *body, firn_json_rows *rows, firn_json_fault *fault) {
    *fault = {};
    *rows = {};
    return guarded([&] { return columns->reader.next(body, rows, fault); });
}

void firn_json_columns_values(const firn_json_columns *columns, int32_t field, firn_json_values *out) {
    columns->reader.describe(static_cast<size_t>(field), out);
}

} // extern "C"
