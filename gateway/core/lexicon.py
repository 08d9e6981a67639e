"""The words that give a task away, in nine languages.

A row is one meaning: `asked` is its weight where it is a command ("classify this"), `mentioned` where it only
occurs ("the classifier"). Forms are separated by commas and matched on whole words; evidence names the
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
        classify, classifies, categorize, categorise, klassifiziere, klassifizieren, kategorisiere,
        ordne, stufe, classe, classez, classifie, classifiez, classer, catégorise, catégorisez,
        clasifica, clasifique, clasificar, categoriza, classifique, classificar, classifica,
        classificare, categorizza, classificeer, categoriseer
    """),
    Meaning("label", C.CLASSIFICATION, 2.8, 0.3, """
        tag, label, annotate, triage, etiqueta, etiquetar, etiquete, étiquette, étiquetez,
        etichetta, rotule, markiere, labelen, moderate, flag, assign one of, assign each, assign
        the, assign it, assign a, rank
    """),
    Meaning("detect", C.CLASSIFICATION, 2.0, 0.3, """
        detect, recognize, recognise, erkenne, détecte, detecta, rileva
    """),
    Meaning("decide whether", C.CLASSIFICATION, 2.0, 1.0, """
        decide if, decide whether, determine if, determine whether, tell me whether, tell me if, say
        whether, check whether, check if, judge whether, entscheide, does this comment, does this
        message, does this text, is this email, is this tweet, is this message, is this comment, is
        this review, is this text, is this a
    """),
    Meaning("score", C.CLASSIFICATION, 2.2, 0.2, """
        score the, score this, rate the, rate this, bewerte auf, from 1 to 5
    """),
    Meaning("route", C.CLASSIFICATION, 2.4, 0.4, """
        route incoming, route each, you route, choose the queue, sort into
    """),
    Meaning("sentiment or intent", C.CLASSIFICATION, 1.8, 1.6, """
        sentiment, stimmung, sentimiento, sentimento, intent, spam, toxicity, toxic, phishing,
        clickbait, hate speech, sarcastic, urgency, urgent or, community guidelines, p0, content
        moderation, intent detector, emotion
    """),
    Meaning("classifier", C.CLASSIFICATION, 2.4, 2.0, """
        classifier, sentiment classifier, intent detector, content moderation, you label, you tag,
        you classify
    """),
    Meaning("category", C.CLASSIFICATION, 1.2, 1.0, """
        category, categories, label, labels, kategorie, kategorien, catégorie, catégories,
        categoría, categorías, categoria, categorie, possible topics, following labels, possible
        labels
    """),
    Meaning("which label", C.CLASSIFICATION, 2.6, 2.4, """
        which category, what category, which label, which of these labels, which department, which
        team, which queue, welche kategorie, welcher kategorie, quelle catégorie, qué categoría,
        what language is, which language is, spam or not, question or a statement, fits best,
        urgente o no
    """),
    Meaning("fixed answers", C.CLASSIFICATION, 1.8, 1.8, """
        positive or negative, positiv oder negativ, positif ou négatif, positivo o negativo,
        positiva o negativa, positief of negatief, yes or no, true or false, ja oder nein, oui ou
        non, sí o no, 0 or 1, safe or unsafe, allow or block, with the label, label only, only the
        label, just the label, number only, only the number, only output the number, exactly one,
        one of the labels, into one of, as one of, one word answer, positive | negative, positif |
        négatif, positivo | negativo, number from
    """),
    Meaning("extract", C.EXTRACTION, 3.0, 1.2, """
        extract, extracts, extrahiere, extrahieren, extrahier, extrais, extrayez, extraire, extrae,
        extraiga, extraer, extraia, extrair, estrai, estrarre, haal, pull out, pull every, pull all,
        grab, pick out
    """),
    Meaning("parse", C.EXTRACTION, 2.4, 0.6, """
        parse, you parse, turn free text, structured data, structured object
    """),
    Meaning("list what is there", C.EXTRACTION, 1.5, 0.8, """
        list all the, list the, list every, find all, find every, find the, get the, get all, return
        the, return all, give me the, identify all, collect the, return an object, from each
        message, which dates, which names, which product names, convert the following receipt
    """),
    Meaning("mentioned in", C.EXTRACTION, 1.4, 1.4, """
        mentioned, mentioned in, contained in, appear in, appears in, in this message, in this
        email, from the email, in the following document, from this invoice, mencionadas,
        mencionados, genannten, read the log, in here
    """),
    Meaning("named entities", C.EXTRACTION, 2.0, 1.6, """
        named entities, entities, key value pairs, action items, order_id, invoice number, tracking
        number, order id
    """),
    Meaning("as data", C.EXTRACTION, 0.9, 0.8, """
        json, csv, as json, json list, json array, json object, output json
    """),
    Meaning("rewrite", C.REWRITING, 3.0, 1.2, """
        rewrite, rewrites, rephrase, reword, paraphrase, formuliere, formulieren, umformulieren,
        reformule, reformulez, reformuler, réécris, réécrivez, reescribe, reescriba, reformula,
        reescreva, riscrivi, riformula, herschrijf, herformuleer, schreibe um
    """),
    Meaning("translate", C.REWRITING, 3.0, 0.8, """
        translate, translates, translator, übersetze, übersetzen, übersetz, traduis, traduisez,
        traduire, traduce, traduzca, traducir, traduza, traduzir, traduci, traduca, tradurre,
        vertaal, vertalen
    """),
    Meaning("correct", C.REWRITING, 2.8, 0.6, """
        proofread, correct any, correct the, correct this, correct my, fix the grammar, fix grammar,
        fix the spelling, fix any typos, spell check, korrigiere, verbessere, corrige, corrigez,
        corriger, corregir, corrija, correggi, corrigeer, verbeter, copy edit
    """),
    Meaning("language mistakes", C.REWRITING, 1.4, 1.2, """
        grammar, spelling, typos, rechtschreibung, orthographe, ortografía, ortografia, spelfouten,
        fautes
    """),
    Meaning("another tone", C.REWRITING, 2.6, 2.0, """
        polish, copy editor, tone this down, tone it down, tone down, improve the wording, improve
        clarity, improve the flow, sound more, more professional, more formally, more formal, more
        polite, politely, shorten, shorter, friendlier, cut this down, cut down, kürze, höflicher,
        freundlicher, plus polie, más formal, tono formale, mais formal, vriendelijker, in plain
        english, active voice, to bullet points, simplify this, simplify, in simpler, make this
        sound, make it sound, make this email, make it shorter, make this shorter
    """),
    Meaning("summarize", C.SUMMARIZATION, 3.2, 1.2, """
        summarize, summarise, summarizes, summarises, fasse, fass, zusammenfassen, résume, résumez,
        résumer, resuma, resumir, resume el, resume este, resume esta, resume la, resuma o,
        riassumi, riassumere, vat, samenvatten, condense, recap, tldr, tl;dr, tl; dr
    """),
    Meaning("summary", C.SUMMARIZATION, 2.4, 2.2, """
        summary, summaries, zusammenfassung, gist, key points, main points, key takeaways,
        takeaways, synopsis, digest, executive summary, hauptpunkte, points clés, resumen,
        riassunto, samenvatting, resumo
    """),
    Meaning("define", C.SIMPLE_QA, 2.2, 0.6, """
        define, stand for, stands for, meaning of, definition of, what does, what is meant, capital
        of, explain what
    """),
    Meaning("convert units", C.SIMPLE_QA, 2.4, 2.2, """
        miles to, kilometres, kilometers, fahrenheit, celsius, pounds to, kilograms to, inches to, feet to
    """),
    Meaning("explain", C.SIMPLE_QA, 1.8, 0.2, """
        explain, erkläre, explique, explica, spiega, leg uit, describe
    """),
    Meaning("answers questions", C.SIMPLE_QA, 2.0, 1.6, """
        faq, answer questions, answer the question, question |
    """),
    Meaning("routine text", C.BOILERPLATE, 2.8, 2.6, """
        template, boilerplate, out of office, commit message, release note, release notes, subject
        line, subject lines, meta description, product description, job posting, job description,
        thank you email, thank you note, thank you letter, confirmation email, confirmation emails,
        confirmation message, confirmation messages, welcome email, payment reminder, placeholder,
        placeholder text, lorem ipsum, alt text, skeleton, auto reply, standard wording, standard
        email, standard, declining a, form letter, vorlage, kündigung, abwesenheitsnotiz, modèle de,
        plantilla, correo estándar, modello di, sjabloon, mail de confirmation, changelog, reminder
        email, follow up email, invitation email, meeting agenda, cookie notice
    """),
    Meaning("write", C.GENERATION, 1.8, 0.1, """
        write, compose, create, generate, draft, produce, craft, schreibe, schreib, verfasse,
        erstelle, entwirf, écris, écrivez, rédige, rédigez, crée, créez, escribe, escriba, redacta,
        crea, escreva, redija, crie, scrivi, schrijf, maak, plan a, give me a, i need a, design a, tell me
        a, you generate, you produce, you write
    """),
    Meaning("brainstorm", C.GENERATION, 2.8, 1.2, """
        brainstorm, come up with, suggest, role play, roleplay, pretend you are, pretend to be,
        imagine you are, creative writing, creative writer, tell me a story, bedtime story
    """),
    Meaning("creative piece", C.GENERATION, 2.2, 0.7, """
        poem, story, short story, essay, blog post, blog, article about, song, lyrics, haiku,
        limerick, slogan, slogans, speech, toast, novel, scene, screenplay, backstory, dialogue,
        tagline, linkedin post, tweet about, caption, some ideas, ideas for, names for, itinerary,
        meal plan, gedicht, geschichte, kurzgeschichte, aufsatz, poème, histoire, conte, poema,
        cuento, artículo, história, poesia, racconto, verhaal, letter to, character
    """),
    Meaning("program", C.CODING, 2.6, 0.6, """
        implement, debug, refactor, code review, code reviewer, fix this code, fix the code, fix the
        bug, fix this bug, unit test, unit tests, rewrite the handler, implementiere, implementa,
        implémente, programmiere, optimize this query
    """),
    Meaning("software engineer", C.CODING, 2.6, 2.4, """
        python engineer, software engineer, code reviewer, code only, programming assistant, coding
        assistant, developer
    """),
    Meaning("prove", C.REASONING, 3.4, 1.8, """
        prove, proof, disprove, show that, beweise, beweisen, beweis, démontre, démontrez,
        démontrer, prouve, prouvez, demuestra, demuestre, demostrar, demonstre, dimostra,
        dimostrare, bewijs
    """),
    Meaning("solve", C.REASONING, 2.6, 1.0, """
        solve, derive, calculate, compute, work out, integrate, differentiate, find all real, löse,
        berechne, résous, résolvez, calcule, calculez, resuelve, calcula, resolva, risolvi, calcola,
        bereken, estimate, minimize, maximize
    """),
    Meaning("analyse", C.REASONING, 2.6, 0.9, """
        analyze, analyse, analysiere, analysieren, analysez, analiza, analice, analise, analizza,
        analyseer, evaluate, assess, critique, weigh, wäge, bewerte, beurteile, évalue, évaluez,
        argue, interpret, reconcile, discuss
    """),
    Meaning("compare", C.REASONING, 2.2, 1.6, """
        compare, contrast, trade offs, tradeoffs, trade off, pros and cons, vor und nachteile,
        avantages et inconvénients, advantages and disadvantages, ventajas y desventajas,
        vergleiche, comparez, compara, both sides, should we
    """),
    Meaning("plan", C.REASONING, 2.0, 0.7, """
        plan the, plan a migration, recommend, recommend a plan, strategy, roadmap, optimal, which
        approach, justify, justify it, prioritise, prioritize, design and, weigh the
    """),
    Meaning("diagnose", C.REASONING, 2.6, 2.0, """
        diagnose, root cause, most likely diagnosis, best next step, next step in management,
        differential diagnosis, most appropriate, troubleshoot, hypotheses
    """),
    Meaning("step by step", C.REASONING, 1.8, 1.8, """
        step by step, schritt für schritt, étape par étape, paso a paso, passo a passo, stap voor
        stap, each step, every step, jeden schritt, elke stap, show your work, think carefully,
        reason through, explain why, careful thought, why does that, why or why not, reasoned
        conclusion, by which mechanism, telling the truth
    """),
    Meaning("agent", C.AGENTIC, 2.4, 2.2, """
        autonomous, autonomous agent, agent with access, assistant agent, coding agent, research
        agent, ai agent, use the tools, using the tools, available tools, access to tools, until
        they pass, until the task, end to end, carry out, report back
    """),
)
# fmt: on
