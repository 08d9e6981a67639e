"""The words that give a task away, in English; `languages` has the others.

A row is one meaning: what it is a sign of, its weight where it is a command ("classify this") and where it
only occurs ("the classifier"). Forms are separated by commas and matched on whole words; evidence names the
meaning, never the form found, so that nothing of a prompt is repeated.
"""

from __future__ import annotations

from msgspec import Struct

from gateway.core.facts import RequestClass

C = RequestClass


class Meaning(Struct, frozen=True):
    name: str
    toward: RequestClass
    asked: float
    mentioned: float
    forms: str


# fmt: off
MEANINGS = (
    Meaning("classify", C.CLASSIFICATION, 3.0, 1.2, """
        classify, classifies, classifying, categorize, categorise, categorizes, bucket, group these
    """),
    Meaning("label", C.CLASSIFICATION, 2.8, 0.3, """
        tag, label, annotate, triage, moderate, flag, assign one of, assign each, assign the, assign it,
        assign a, assign an, assign exactly, put each, sort into, sort these, sort the following into
    """),
    Meaning("detect", C.CLASSIFICATION, 2.0, 0.3, """
        detect, recognize, recognise, identify the language, identify the sentiment, identify the intent,
        identify the topic, identify the tone, identify the emotion, identify whether, identify the category
    """),
    Meaning("decide whether", C.CLASSIFICATION, 2.0, 1.0, """
        decide if, decide whether, determine if, determine whether, tell me whether, tell me if, say
        whether, say if, check whether, check if, judge whether, judge if, verify if, verify whether,
        indicate whether, indicate if, does this comment, does this message, does this text, does this
        sentence, does this review, does this email, is this email, is this tweet, is this message, is this
        comment, is this review, is this text, is this post, is this sentence, is this statement, is this
        headline, is this ticket, is the author, is the writer, is the customer, is the user, is the
        following, are these two, do these two, would you call, is it spam, please tell if, tell if, could
        this message, could this be, likely to, can you tell whether
    """),
    Meaning("score", C.CLASSIFICATION, 2.4, 0.3, """
        score the, score this, score each, rate the, rate this, rate each, grade the tone, on a scale of,
        from 1 to 5, from 1 to 10, from 0 to 10, from 0 to 1, from 0 to 100, between 0 and 1
    """),
    Meaning("route", C.CLASSIFICATION, 2.4, 0.4, """
        route incoming, route each, route this, you route, choose the queue, which queue, who should handle,
        which department, which team
    """),
    Meaning("sentiment or intent", C.CLASSIFICATION, 1.8, 1.6, """
        sentiment, intent, spam, toxicity, toxic, phishing, clickbait, hate speech, sarcastic, sarcasm,
        urgency, community guidelines, content moderation, emotion, offensive, profanity, severity,
        seniority, personal data, policy violation, fraudulent, legitimate, polarity, tone of, its tone, the
        tone, priority, churn, harassment, ironic, irony, mood, relevance, relevant or, sensitive content,
        map the
    """),
    Meaning("answer with", C.CLASSIFICATION, 1.0, 1.0, """
        respond with the, reply with the, answer with the, output the, pick one, choose one, select one,
        respond only with, reply only with, answer only with, just answer, only answer, decide the folder,
        decide the category, decide the label, choose the label, choose the category, pick the label
    """),
    Meaning("classifier", C.CLASSIFICATION, 2.4, 2.0, """
        classifier, classification, intent detector, moderation filter, labeler, labeller, annotator,
        filter, filters, gatekeeper, triage bot
    """),
    Meaning("category", C.CLASSIFICATION, 1.2, 1.0, """
        category, categories, label, labels, topic, topics, class, possible topics, following labels,
        possible labels
    """),
    Meaning("which label", C.CLASSIFICATION, 2.6, 2.4, """
        which category, what category, which label, which of these labels, which of these categories, which
        topic, what language is, which language is, spam or not, question or a statement, fact or opinion,
        fits best, best matching, best fits, best describes this, most fitting label, what type of request,
        what type of message, what type of document, what type of email, what type of sentence, what kind of
        request, pos tag, which of these best, part of speech, type of sentence, kind of sentence, what sort
        of, genuine or fake, belongs to, belong to, categories below, labels below, which of the categories,
        more like
    """),
    Meaning("fixed answers", C.CLASSIFICATION, 1.8, 1.8, """
        positive or negative, yes or no, yes no, y n, true or false, true false, 0 or 1, 1 or 0, safe or
        unsafe, allow or block, pass or fail, or neither, entailment, contradict it or, with the label,
        label only, only the label, just the label, the label only, number only, only the number, only
        output the number, exactly one, one of the labels, into one of, as one of, one of these, in one
        word, one word please, one word answer, a single word, single letter, single label, positive |
        negative, true | false, fact check, 1 to 5, 0 to 10, number from, an integer from, a number from, no
        explanation, positive negative, hot or cold, good or bad, neutral |
    """),
    Meaning("extract", C.EXTRACTION, 3.0, 1.2, """
        extract, extracts, extracting, extraction, pull out, pull every, pull all, pull the, grab, pick out,
        copy out, lift the, harvest, scrape the, give me sender
    """),
    Meaning("parse", C.EXTRACTION, 2.4, 0.6, """
        parse, parses, you parse, turn free text, structured data, structured object, structured fields,
        fill in this form, fill in the form, fill the form, fill out the form, populate the fields, into a
        table, to a table, into json, to json, as json, into columns, key value pairs, with columns, into
        csv, as csv
    """),
    Meaning("list what is there", C.EXTRACTION, 1.5, 0.8, """
        list all the, list the, list every, list all, find all, find every, find the, get the, get all,
        return the, return all, give me the, identify all, identify the, identify each, collect the, return
        an object, note every, from each message, from each email, which dates, which names, which
        companies, which product names, which people, i need the, name all the, highlight every, locate the,
        spot the, capture the, who sent, from this job ad, what salary, pick all, return each, show only
        the, just the dates, just the names, make a table of, table of, list out, list out the, tell me the,
        what s the, what is the name, what are the names, show me the, point out, split this, split the,
        separate the, note down the, write out every, obtain
    """),
    Meaning("mentioned in", C.EXTRACTION, 1.4, 1.4, """
        mentioned, mentioned in, contained in, appear in, appears in, appearing in, in this message, in this
        email, from the email, in the following document, from this invoice, from the invoice, read the log,
        in here, from the text, from this text, from the following text, from this document, in the text, in
        this passage, from the passage, of the passage, out of this, from this paragraph, in the paragraph,
        from the receipt, in this document, from the document, from this email, listed in, referred to in,
        present in, found in the, found in this, named in, in this snippet, in this thread, from this job,
        from this, from these, cited in, stated in, shown in
    """),
    Meaning("named entities", C.EXTRACTION, 2.0, 1.6, """
        named entities, named entity, entities, action items, order_id, invoice number, tracking number,
        order id, order number, phone number, phone numbers, email address, email addresses, due date, total
        amount, net amount, vat number, contact details, personal names, ticker symbols, reference number,
        account number
    """),
    Meaning("as data", C.EXTRACTION, 0.9, 0.8, """
        json, csv, json list, json array, json object, output json, valid json, yaml, null where missing,
        null if
    """),
    Meaning("rewrite", C.REWRITING, 3.0, 1.2, """
        rewrite, rewrites, rewriting, rephrase, rephrases, rephrasing, reword, paraphrase, paraphrases,
        restate, rework this, revise, transform this sentence, transform the sentence, put this into, put
        this in, say this in, say it in, express this, word this, phrase this, turn this into, turn these,
        turn this paragraph, shrink, recast, reformat, as a numbered list, as bullet points, as bullets, as
        a bulleted list, formalise, formalize, improve, punchier, version of this, version of the following,
        title case, sentence case, upper case, uppercase, lowercase, rewrite it
    """),
    Meaning("translate", C.REWRITING, 3.0, 0.8, """
        translate, translates, translator, translation, translations, localize, localise, transliterate,
        into french, into german, into spanish, into english, into italian, into portuguese, into dutch,
        into japanese, into chinese, into korean, into russian, into arabic, to english, to french, to
        german, to spanish, to dutch, how do you say, how would you say
    """),
    Meaning("another language", C.REWRITING, 1.8, 1.4, ""),
    Meaning("correct", C.REWRITING, 2.8, 0.6, """
        proofread, proofreader, correct any, correct the, correct this, correct my, correct all, fix the
        grammar, fix grammar, fix the spelling, fix any typos, fix typos, fix my english, fix my grammar,
        fix this sentence, fix the punctuation, add punctuation, spell check, copy edit, edit this, edit my,
        edit for, check my grammar, check the grammar, check for typos, check my spelling, check this
        sentence, check my sentence, check this paragraph, check my email, my english, is this sentence
        correct, grammatically correct
    """),
    Meaning("language mistakes", C.REWRITING, 1.4, 1.2, """
        grammar, spelling, typos, typo, punctuation, wording, misspelled
    """),
    Meaning("another tone", C.REWRITING, 2.6, 2.0, """
        polish, copy editor, tone this down, tone it down, tone down, soften, improve the wording, improve
        clarity, improve the flow, improve this sentence, improve this paragraph, improve my, sound more,
        sound less, sounds more, sounds better, sound better, sound natural, sound like, flow better, read
        better, more natural, more professional, more formally, more formal, less formal, more polite, more
        politely, politely, more casual, more concise, more concisely, more friendly, more persuasive, more
        convincing, less aggressive, less harsh, a bit warmer, warmer, politer, shorten, shorter,
        friendlier, clearer, simpler, cut this down, cut down, in plain english, plain language, plain
        english, in simple english, active voice, passive voice, past tense, present tense, third person,
        first person, to bullet points, into bullet points, simplify this, simplify the, simplify, in
        simpler, in simpler words, in other words, own words, make this sound, make it sound, make this
        email, make my email, make this paragraph, make my paragraph, make this sentence, make it shorter,
        make this shorter, make this clearer, british english, american english, gender neutral, formal
        tone, same message, same text, same meaning, better version of, professional tone, business english,
        less repetitive, less wordy, less technical, more readable, more engaging, more direct, characters
        max, diplomatically, diplomatic, tactful, style guide, plainer, smoother, punchier, snappier,
        catchier, stronger, more formal version, friendlier version, even shorter, even friendlier, less
        salesy, without jargon
    """),
    Meaning("summarize", C.SUMMARIZATION, 3.2, 1.2, """
        summarize, summarise, summarizes, summarises, summarizing, sum up, condense, recap, boil down, boil
        this down, boil it down, distill, distil, tldr, tl;dr, tl; dr, digest this, brief me, catch me up,
        fill me in, abridge, what did i miss, compress this text, shorten the following, shorten this
        article, give the essence, summarise what, bullet the
    """),
    Meaning("summary", C.SUMMARIZATION, 2.4, 2.2, """
        summary, summaries, gist, key points, main points, main point, main idea, main ideas, key ideas, key
        facts, key messages, key takeaways, takeaways, takeaway, synopsis, executive summary, abstract,
        overview of this, overview of the, in a nutshell, bottom line, essentials, essence, highlights, one
        liner, brief overview, most important points, central message, what happened in, what is this about,
        what is this text about, short version, minutes from, minutes of this, meeting minutes, main
        arguments of this, shorter version of this, in short, in brief, the short of it, themes, common
        themes, summary of, in two lines, in three sentences, in two sentences, in one sentence, in a
        sentence, in 3 sentences, in 2 sentences, in one paragraph, in a paragraph, daily digest, digests,
        what does this say, what does this article say, what does this policy say, explain this article,
        explain this text, explain this paper, rundown, decisions taken, condense to, key decisions, main
        message, brief version, in a tweet, to a tweet, quick overview
    """),
    Meaning("define", C.SIMPLE_QA, 2.2, 0.6, """
        define, stand for, stands for, meaning of, definition of, what is meant, capital of, explain what,
        who wrote, in what year, in which year, name the, name three, name two, name a, word for, symptoms
        of, what does it mean, the opposite of, definition of the, synonym for, plural of, past tense of,
        population of, how to say, the word for, symbol for, chemical symbol, a definition of
    """),
    Meaning("convert units", C.SIMPLE_QA, 2.4, 2.2, """
        miles to, kilometres, kilometers, fahrenheit, celsius, pounds to, kilograms to, inches to, feet to,
        time zone
    """),
    Meaning("asks a fact", C.SIMPLE_QA, 1.6, 1.6, ""),
    Meaning("explain", C.SIMPLE_QA, 1.8, 0.2, """
        explain, describe, tell me about, teach me, help me understand, what is the difference
    """),
    Meaning("answers questions", C.SIMPLE_QA, 2.0, 1.6, """
        faq, answer questions, answer the question, question |, answers questions, answer using only, answer
        from the, answer briefly, help desk, virtual assistant of, the assistant of, concierge
    """),
    Meaning("routine text", C.BOILERPLATE, 2.8, 2.6, """
        template, templates, boilerplate, out of office, commit message, commit messages, release note,
        release notes, subject line, subject lines, meta description, product description, product
        descriptions, job posting, job description, job ad, thank you email, thank you note, thank you
        letter, thank you message, confirmation email, confirmation emails, confirmation message,
        confirmation messages, welcome email, welcome message, payment reminder, reminder, reminder email,
        placeholder, placeholder text, lorem ipsum, alt text, skeleton, auto reply, autoreply, standard
        wording, standard email, standard reply, standard response, standard answer, standard letter,
        declining a, decline the, turn down, form letter, changelog, follow up email, invitation email,
        invitation, meeting agenda, agenda, cookie notice, privacy notice, disclaimer, short bio, bio for,
        birthday greeting, birthday wish, birthday card, greeting card, holiday greeting, congratulations
        message, condolence, apology email, cancellation email, resignation letter, cover letter, status
        report, weekly report, listing title, listing titles, listing description, gitignore, editorconfig,
        license file, fill this template, readme, docstring, docstrings, email signature, announcement,
        acknowledgement, acknowledgment, voicemail greeting, sms reminder, push notification, button label,
        error message, faq entry, email to, note to, reply to, a reply, memo, checklist, packing list,
        banner text, cookie banner, apology, connection request, catalogue description, catalog description,
        price list, announcement to, ad for, intro line, about us, tagline for the footer, terms of service,
        faq, signature block, appointment, reschedule, postponed, rsvp, save the date, quote request, order
        form, invoice email, referral, follow up, voicemail, greeting, caption for product, store hours,
        opening hours notice, autoresponder, onboarding email, press kit, job offer letter, letter of
        recommendation, recommendation letter, complaint letter, notice of, permission slip, waiver form,
        feedback form, survey invitation, unsubscribe, newsletter signup, category description, product
        title, product listing, video description, event description, job title, blurb, product blurb, pr
        description, mr description, ticket description, changelog entry, standard message, the standard,
        card for, we received your application, delay apology, short apology, customer apology, invoice
        template, two line signature, signature for, letter template, author bio, standard job, standard
        delay, acknowledgement email, notice to, notice for
    """),
    Meaning("message", C.BOILERPLATE, 1.6, 1.2, """
        message, messages, email, emails, e mail, mail, note, notes, reply, response, sms, notification,
        headline, title for, invoice text, header comment, license header, post it
    """),
    Meaning("give", C.GENERATION, 1.2, 0, """
        give me a, give me some, give some, i need a, i would like a, i d like a, i want a, need a, need
        some, give me three, give me five, give me ten, give me 3, give me 5, give me 10, give me 20, list
        some, any ideas, what are some, what are good, what could, help me write, help me come up
    """),
    Meaning("make it so", C.REWRITING, 1.5, 0, """
        make it, make this, make that, make these, turn it, turn that, convert this paragraph, convert this
        sentence, convert this list, replace the, change the, change this, suggest an alternative, suggest a
        better, suggest a more, a better way to, better phrasing, phrasing, alternative wording, change all,
        swap the, turn all, trim this, trim the, tighten this, clean up this, clean this up, same text,
        tidy, make that sound, suggest an alternative wording
    """),
    Meaning("write", C.GENERATION, 1.6, 0.1, """
        write, compose, create, generate, draft, produce, craft, plan a, design a, set up a plan, tell me a,
        you generate, you produce, you write, make a, make me a, make up, write me, write down, outline a,
        sketch a, put together a, come up with an, build me a, prepare a, produce a, propose a, set up a
        workout, put into words
    """),
    Meaning("brainstorm", C.GENERATION, 2.8, 1.2, """
        brainstorm, come up with, dream up, think of, suggest, suggest some, propose names, role play,
        roleplay, pretend you are, pretend to be, imagine, imagine you are, invent, creative writing,
        creative writer, narrator, storyteller, text adventure, dungeon master, continue the story, continue
        the tale, finish the story, in the style of, you are a character, recommend a, recommend some, what
        could i name, what should i name, what should i call, ideas for, you play, stay in character, in
        character, as a pirate, analogy for, a metaphor for, tell me something funny, something funny,
        entertain me, surprise me, cheer me up
    """),
    Meaning("creative piece", C.GENERATION, 2.2, 0.7, """
        poem, poems, story, short story, tale, fairy tale, fable, legend, myth, essay, blog post, blog,
        article about, article on, op ed, editorial, song, lyrics, verse, verses, haiku, limerick, sonnet,
        rap, slogan, slogans, speech, toast, novel, chapter, scene, screenplay, script for, play about,
        backstory, dialogue, conversation between, monologue, comedian, comedy, joke, jokes, pun, riddle,
        tagline, linkedin post, tweet about, tweet thread, caption, captions, some ideas, names for, name
        for, itinerary, meal plan, recipe, menu, character, villain, plot, newsletter, advertisement, ad
        copy, sales pitch, pitch, podcast, interview questions, quiz, lesson plan, workout, diet plan,
        titles, catchy, gift, presents for, grocery list, shopping list, perspective of, bucket list, letter
        to, love letter, diary, press release, world building, vivid, imagery, prose, metaphor, song about,
        quest, campaign setting, vlog, travelogue, topics about, blog topics, blog titles, creative ways,
        fun ways, chapters, outline of a novel, novel about, dragon, love story, romance, thriller, sci fi,
        fantasy, horror, ghost story, bedtime, nursery rhyme, rhyme, rhymes, hashtags, hooks, video ideas,
        content ideas, content calendar, party games, icebreakers, conversation starters, pickup lines,
        insults, compliments, wedding vows, vows, eulogy, roast, stand up, skit, sketch, satire, parody,
        mascot, superhero, world, cocktail, travel plan, vacation, weekend plan, story about, essay about,
        poem about, article, copy for, brand names, business names, domain names, product names, nicknames,
        band names, usernames, prompts for, discussion questions, trivia, workout plan, cover story, theme
        and activities, analogy, party theme, theme for, training plan, study plan, activities for, country
        song, ballad, ways to ask, ways to say, intro for, fun facts, facts about
    """),
    Meaning("program", C.CODING, 2.6, 0.6, """
        implement, debug, refactor, code review, code reviewer, fix this code, fix the code, fix my code,
        fix the bug, fix this bug, fix this error, fix the error, fix this function, fix this query, unit
        test, unit tests, optimize this query, optimise this query, type hints, add comments, vectorize,
        port this, rewrite the handler, complete the code, complete this function, write code, write a
        program, write a script, write a function, write a class, one liner, pandas one liner, run faster,
        query faster, this query faster, in every handler, make this faster, mock json, mock data, mock api,
        unified diff, workflow that runs, rest api, crud, is faster, in every file, this function pure,
        difference between == and
    """),
    Meaning("software engineer", C.CODING, 2.6, 2.4, """
        python engineer, software engineer, code reviewer, code only, only code, nothing but code,
        programming assistant, coding assistant, developer, copilot, pair programmer, inside an ide, time
        complexity, excel formula, google sheets, spreadsheet formula, merge conflict, stack trace, landing
        page
    """),
    Meaning("in a programming language", C.CODING, 1.8, 1.8, """
        in c, in c++, in c#, in go, in rust, in java, in python, in javascript, in typescript, in js, in
        ruby, in php, in r, in kotlin, in swift, in scala, in haskell, in sql, in bash, in perl, in matlab,
        in html, in css, in react, in excel, python |, use kotlin, use python, using python, using java,
        using c, return a single query, code helper, codehelper
    """),
    Meaning("supposition", C.REASONING, 1.8, 0.8, """
        let x, let f, let g, let a, let n, let p, let m, let k, suppose that, suppose, assume that, given
        that, if every, if all, if no, if some, if and only if, for all, there exists
    """),
    Meaning("prove", C.REASONING, 3.4, 1.8, """
        prove, proof, disprove, prove or disprove, show that, counterexample, rigorous, rigorously, formally
        verify
    """),
    Meaning("solve", C.REASONING, 2.6, 1.0, """
        solve, derive, calculate, compute, work out, integrate, differentiate, find all real, find the
        value, find all values, evaluate the, simplify the expression, factor, estimate, minimize, maximize,
        what is the probability, what is the value, how many ways, what is the maximum, what is the minimum,
        largest possible, smallest possible, how many different, express in terms, predict, construct, find
        all positive integers, find all integers, how many five card, how many distinct, in three weighings,
        weighings, from rest, half life, counting argument, explain the counting, minimum number of, what
        follows, derivation, diagonalise, diagonalize, what does she pay, what does he pay, at what time,
        how much does, how many are, who is lying, who did
    """),
    Meaning("analyse", C.REASONING, 2.6, 0.9, """
        analyze, analyse, evaluate, assess, critique, critically, weigh, argue, interpret, reconcile,
        discuss, examine, think through, reason about, make the case, defend, steelman, what are the
        implications, implications of, consequences of, walk through the consequences, investigate why, what
        explains, what explanations, rule out, structural causes, causes of, what were the causes, how do
        you deal, how would you, how would you test, plausible, historians, relevant exceptions, likely
        outcome, what mechanism, what would happen, fact pattern, claims and defences, model the, break
        even, sample size, what to do, order next, apply the rules, apply the law, apply the rule, conclude,
        how would you find, to blame, evaluate the claim, be squared with, reconcile with, most probable
        causes, explains the plan
    """),
    Meaning("compare", C.REASONING, 2.2, 1.6, """
        compare, contrast, trade offs, tradeoffs, trade off, pros and cons, advantages and disadvantages,
        both sides, should we, should i, should he, should she, should they, which would you, which is
        better, what would you choose, deciding between, choose between, strongest argument, best objection,
        strengths and weaknesses, for and against, arguments for, arguments against, which party, who will
        win, or invest, rent or buy, buy or rent, pay off or
    """),
    Meaning("plan", C.REASONING, 2.0, 0.7, """
        plan the, plan a migration, recommend, recommend a plan, strategy, roadmap, optimal, which approach,
        justify, justify it, prioritise, prioritize, devise, schedule the, allocate
    """),
    Meaning("diagnose", C.REASONING, 2.6, 2.0, """
        diagnose, root cause, most likely diagnosis, likely diagnosis, best next step, next step in
        management, feared, differential diagnosis, most appropriate, most likely, troubleshoot, hypotheses,
        entitled to, liable for
    """),
    Meaning("step by step", C.REASONING, 1.8, 1.8, """
        step by step, each step, every step, show your work, show your steps, think carefully, reason
        through, explain why, explain how, reason for each, careful thought, why does that, why or why not,
        reasoned conclusion, by which mechanism, telling the truth, explain your reasoning, justify your
        answer, and why, show where, chain of thought, walk me through, walk through, in depth, go deeper,
        argue why, explain the counting, detailed reasoning
    """),
    Meaning("agent", C.AGENTIC, 2.4, 2.2, """
        autonomous, autonomous agent, agent with access, assistant agent, coding agent, research agent, ai
        agent, use the tools, using the tools, browser tool, your tools, visit each, through tools, with
        tools, available tools, access to tools, until they pass, until it passes, until the task, end to
        end, carry out, report back, finish the whole, you control a, you operate, keep going until, tell me
        what you changed, once it is done, when you are done, before you answer, access to my, my inbox, my
        assistant with, as my assistant, make sure they work, make sure it works, make sure the build
    """),
)
# fmt: on

# "into X", "to X", "X please": a text asked for in one of these is to be translated.
LANGUAGES = """
    english french german spanish italian portuguese dutch swedish danish norwegian finnish polish czech
    russian ukrainian turkish arabic hebrew greek hindi japanese chinese mandarin korean vietnamese thai
    indonesian hungarian romanian latin englisch französisch deutsch spanisch anglais français allemand
    espagnol inglés francés alemán inglês francês
"""
